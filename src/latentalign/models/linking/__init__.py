"""From the words of a mention to the concepts of a catalogue: names, candidates, and what speaks for each of them."""

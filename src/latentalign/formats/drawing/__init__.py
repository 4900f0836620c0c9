"""Where the words and the ribbons of a drawing go, without any font to measure."""

"""How well each of some candidates explains a text: values, calibrated probabilities, and what they rest on."""

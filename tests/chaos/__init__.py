"""Breaking things on purpose: random work, random kills, and a checker that reads every side."""

"""Mending what could not be processed: opened, corrected, rehearsed, and sent through the streams again."""

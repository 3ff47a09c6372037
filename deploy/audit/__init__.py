"""What this program consists of, for those who must know whether a hole in a library concerns them."""

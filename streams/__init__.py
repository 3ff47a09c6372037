"""What happens to a change between its source and its subscribers."""

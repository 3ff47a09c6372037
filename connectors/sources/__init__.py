"""Sources, one file a kind; the file name is the kind's name in a manifest."""

"""Items, one at a time: nothing of them is kept but numbers."""

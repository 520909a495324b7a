"""What networks compute: their fixed points with evidence that none is missing, and their linearised modes."""

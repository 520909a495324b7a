"""Line attractors: the line through fixed points, and how many modes carry a pulse along it."""

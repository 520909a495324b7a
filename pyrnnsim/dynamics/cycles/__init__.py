"""Motion: trajectories, limit cycles, oscillations."""

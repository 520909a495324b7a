"""What networks compute: fixed and slow points, lines, cycles, the graphs between points, and linearised modes."""

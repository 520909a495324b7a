"""The report of a study or a comparison: what is known of the networks, claims with intervals, and one HTML file."""

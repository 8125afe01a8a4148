"""In which unit is a response read?"""

UNITS = {
    "vanishing": "decades",
    "exploding": "decades",
    "gain": "decades",
    "gain_init": "decades",
    "rate": "decades per place",
    "clipped": "share of steps",
    "learned": "decades",
}
RANKED_UNITS = {**UNITS, "time_to_divergence": "steps"}
"""Of what can be ranked: a time to divergence is no number of one member, which may never diverge."""

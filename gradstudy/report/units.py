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

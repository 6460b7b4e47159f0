"""The catalogue: what the archived facts mean, a pure function of an index and of the files in `data/`.

`source` is what the catalogue is made of, `model_info` what it says of one model, `catalog` the whole.
Nothing here is kept between runs: the catalogue of any hour can be computed again.
"""

"""Publish: from the index to site/. What the pages show, which pages there are, and how they are rendered."""

import pandas as pd

# With pyarrow installed pandas would keep text as Arrow's, which cannot hold the lone surrogates of JSON.
pd.set_option("mode.string_storage", "python")

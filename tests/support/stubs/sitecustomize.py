"""The clock of a rehearsal: where REHEARSAL_NOW holds a time, `datetime.now` always returns it.

The method is replaced, not the class, because compiled modules such as pandas keep references to the class.
"""

import ctypes
import datetime as dt
import gc
import os


def now(cls: type[dt.datetime], tz: dt.tzinfo | None = None) -> dt.datetime:
    """Return the time of the rehearsal."""
    return cls.fromisoformat(os.environ["REHEARSAL_NOW"]).astimezone(tz)


if "REHEARSAL_NOW" in os.environ:
    gc.get_referents(dt.datetime.__dict__)[0]["now"] = classmethod(now)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(dt.datetime))

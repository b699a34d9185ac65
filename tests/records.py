"""Records with checksums, changed as a person or an earlier version would have written them."""

import json


def change_record(path, *, files=False, **values):
    """Write a JSON record with other values, None to leave one out, and without its own checksum.

    Without the checksums of the folder's other files, too, unless ``files``.
    """
    kept = {**json.loads(path.read_text()), **values, "sha256": None, **({} if files else {"files": None})}
    path.write_text(json.dumps({key: value for key, value in kept.items() if value is not None}))

"""Where the bytes of files live: one interface over a local folder and S3, chosen by the setting STORAGE_URL."""

from app.storage.configured import configured_store, store_from_url
from app.storage.store import ObjectMissing, ObjectStat, Readable, Store, StoreUnavailable, new_key

__all__ = [
    "ObjectMissing", "ObjectStat", "Readable", "Store", "StoreUnavailable", "configured_store", "new_key",
    "store_from_url",
]

"""Files in an S3 bucket (AWS, MinIO, Ceph, OSS and others that speak it). Credentials come from the environment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.storage.store import ObjectMissing, ObjectStat, Readable, StoreUnavailable, checked, is_key

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_ABSENT = {"NoSuchKey", "404", "NotFound"}


class _Empty:
    """A range of no bytes, which S3 cannot be asked for."""

    def read(self, size: int = -1, /) -> bytes:
        return b""

    def close(self) -> None: ...


class S3Store:
    """A store in a bucket under a prefix. S3 makes each object visible at once or not at all."""

    def __init__(self, bucket: str, prefix: str = "", endpoint_url: str | None = None, region: str | None = None):
        self.bucket = bucket
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        config = Config(
            connect_timeout=5, read_timeout=30, retries={"max_attempts": 3, "mode": "standard"},
            s3={"addressing_style": "path" if endpoint_url else "auto"},
            # older S3 servers refuse the trailing checksums that boto3 sends by default
            request_checksum_calculation="when_required", response_checksum_validation="when_required",
        )
        self._client: S3Client = boto3.client("s3", endpoint_url=endpoint_url, region_name=region, config=config)

    def _name(self, key: str) -> str:
        return self.prefix + checked(key)

    def put(self, key: str, data: bytes | BinaryIO, media_type: str) -> None:
        """See Store."""
        name = self._name(key)
        with _failures(key):
            if isinstance(data, bytes):
                self._client.put_object(Bucket=self.bucket, Key=name, Body=data, ContentType=media_type)
            else:  # in parts where it is large: one PUT ends at 5 GB
                self._client.upload_fileobj(data, self.bucket, name, ExtraArgs={"ContentType": media_type})

    def open(self, key: str, start: int = 0, end: int | None = None) -> Readable:
        """See Store."""
        name = self._name(key)
        if end is not None and end <= start:
            return _Empty()
        with _failures(key):
            if start == 0 and end is None:
                return cast(Readable, self._client.get_object(Bucket=self.bucket, Key=name)["Body"])
            span = f"bytes={start}-{'' if end is None else end - 1}"
            return cast(Readable, self._client.get_object(Bucket=self.bucket, Key=name, Range=span)["Body"])

    def stat(self, key: str) -> ObjectStat | None:
        """See Store."""
        name = self._name(key)
        try:
            with _failures(key):
                head = self._client.head_object(Bucket=self.bucket, Key=name)
        except ObjectMissing:
            return None
        return ObjectStat(head["ContentLength"], head["LastModified"].astimezone(dt.UTC))

    def delete(self, key: str) -> None:
        """See Store."""
        name = self._name(key)
        with _failures(key):
            self._client.delete_object(Bucket=self.bucket, Key=name)

    def keys(self) -> Iterator[str]:
        """See Store."""
        with _failures(""):
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix):
                for entry in page.get("Contents", []):
                    name = entry["Key"].removeprefix(self.prefix)
                    if is_key(name):
                        yield name

    def sweep(self, before: dt.datetime) -> int:
        """See Store: parts of broken uploads are not seen as objects; a rule of the bucket removes them."""
        return 0


@contextmanager
def _failures(key: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _ABSENT:
            raise ObjectMissing(key) from error
        raise StoreUnavailable(str(error)) from error
    except BotoCoreError as error:
        raise StoreUnavailable(str(error)) from error

"""As much of S3 as rclone, s3cmd and restic need to put objects: whole ones and in parts."""
import hashlib
import itertools
import urllib.parse

UPLOADS = {}  # id of a multipart upload -> {part number: (size, md5)}
NUMBERS = itertools.count(1)
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def query(path):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(path).query, keep_blank_values=True))


def put_part(path, size, md5):
    """A part of an upload that was begun; False when it is none."""
    q = query(path)
    if "uploadId" not in q or "partNumber" not in q:
        return False
    UPLOADS.setdefault(q["uploadId"], {})[int(q["partNumber"])] = (size, md5)
    return True


def post(path):
    """Begins or completes an upload in parts: the XML answer, and (size, md5) of an object that is complete."""
    q, name = query(path), urllib.parse.urlsplit(path).path
    if "uploads" in q:
        number = f"upload{next(NUMBERS)}"
        UPLOADS[number] = {}
        return HEAD + (f"<InitiateMultipartUploadResult><Bucket>lab</Bucket><Key>{name.lstrip('/')}</Key>"
                       f"<UploadId>{number}</UploadId></InitiateMultipartUploadResult>"), None
    if "uploadId" in q:
        parts = UPLOADS.pop(q["uploadId"], {})
        digest = hashlib.md5(b"".join(bytes.fromhex(parts[n][1]) for n in sorted(parts))).hexdigest()
        tag = f"{digest}-{len(parts)}"
        return HEAD + (f'<CompleteMultipartUploadResult><Location>{name}</Location><Bucket>lab</Bucket>'
                       f'<Key>{name.lstrip("/")}</Key><ETag>"{tag}"</ETag></CompleteMultipartUploadResult>'), \
            (sum(size for size, _ in parts.values()), tag)
    return None, None


def listing(path):
    """GET of a bucket: nothing is in it, and it lies where you think."""
    if "location" in query(path):
        return HEAD + '<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">fra1</LocationConstraint>'
    return HEAD + ('<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>lab</Name><Prefix></Prefix>'
                   "<KeyCount>0</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>")

"""Random requests for random rules: those that match now and then, and those that are odd."""

from random import Random

from tests.e2e.documents import Sent
from tests.e2e.rule_texts import HEADERS, METHODS, VALUES

_HOSTS = [
    *("a.test", "b.test", "x.a.test", "y.x.a.test", "A.TEST", "a.test:80", "a.test:8080", "a.test.", "a.test.:80"),
    *("[::1]", "[::1]:80", "::1", "127.0.0.1:81", "a_b.test", "", "localhost", "a", "[a.test]", "a.test:", ":80", "."),
    *("xn--9ca.test", "é.test", "a b", "a/b", "a@b.test", "*.a.test", "a:b:c", "[a", "a]", "-.test", "a%41.test"),
]
_SEGMENTS = [
    *(
        "a",
        "b",
        "A",
        "api",
        "v1",
        "a b",
        "a%20b",
        "a%2Fb",
        "a%2fb",
        "%61",
        "é",
        "%C3%A9",
        "%c3%a9",
        "%FF",
        "a+b",
        "a;b",
    ),
    *(
        "",
        ".",
        "..",
        "%2e",
        "%2E%2e",
        "a.b",
        "[a]",
        '"',
        "%22",
        "a|b",
        "a%25b",
        "%",
        "%4",
        "%zz",
        "#",
        "$&",
        "*",
        "ü",
        "^",
    ),
    *("a%00b", "%3F", "\\", "{x}", "<", "'", "(a)", "!", "~", "%7E", "a,b", ":", "@", "="),
]
_QUERIES = [
    *(
        "q=1",
        "q=video",
        "q",
        "q=",
        "Q=1",
        "a+b=1",
        "a%20b=1",
        "%C3%A9=1",
        "é=1",
        "q=%zz",
        "%=1",
        "q=a;page=2",
        "page=b",
    ),
    *("[]=1", "q=1&q=video", "&&q=1", "=1", "q=%C3%A9", "q=é", "q=%FF", "a=b=1", "a%3Db=1", "q=a%2C+b", "q=+", "%25=1"),
]


def sent(random: Random, number: int | None = None) -> Sent:
    """Return a request, with a number in the header `X-Set`."""
    host = random.choice(_HOSTS) if random.random() < 0.4 else random.choice(["a.test", "b.test", "x.a.test"])
    path = "/" + "/".join(random.choices(_SEGMENTS, k=random.choice([0, 1, 1, 2, 2, 3])))
    if random.random() < 0.5:
        path = random.choice(["/", "/a", "/a/b", "/api/v1", "/a/", "/A"])
    queries = random.choices(_QUERIES, k=random.choice([0, 0, 1, 1, 2]))
    headers = [
        (name, random.choice(VALUES).strip())
        for name in random.choices(HEADERS, k=random.choice([0, 0, 1, 1, 2, 3]))
        if name.isascii() and " " not in name and name not in {"Host", "Content-Length"}
    ]
    headers = [(random.choice([name, name.lower(), name.upper()]), value) for name, value in headers]
    if number is not None:
        headers.append(("X-Set", f"{number:05}"))
    methods = [method for method in METHODS if method.isascii() and " " not in method]
    return Sent(
        host=host,
        target=path + ("?" + "&".join(queries) if queries else random.choice(["", "", "?"])),
        method=random.choice(methods) if random.random() < 0.3 else "GET",
        headers=headers,
        client=random.choice(["127.0.0.1", "127.0.0.1", "127.0.0.2", "127.0.0.3"]),
    )

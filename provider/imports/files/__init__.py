"""What Traefik makes of its files: the one place that knows. Pure.

`read` takes the texts of files, in the order in which Traefik finds them, and the variables that templates may ask
for, and returns a `Folder`:

    folder = files.read([SourceText("conf.d/routers.yml", "http: …")], {"DOMAIN": "a.test"})
    folder.findings      every FileFinding: effect, code, detail, at (where), pointer
    folder.is_refused    Traefik takes nothing of these files, because of a finding with Effect.REFUSED
    folder.is_known      False if a template could not be run, or a variable was not given (Effect.UNKNOWN)
    folder.missing       those variables, and where each is asked for first
    folder.document      all objects in one document, as Traefik has them where it refuses nothing
    folder.place(where)  where a part of it stands, by JSON pointer, down to each key and each item of a list
    folder.files         the same file by file, as `ReadFile`

It does what Traefik's file provider does, step by step: it runs each file as a Go template, reads YAML with Go's
notions (`go_yaml`) or TOML (`go_toml`), decodes it strictly (`decoding`, `fields`: what fields there are, of which
type, and since which version), and puts the files together (`folder`). Which files of a directory it reads, tell
`is_read_in_folders` and this: it goes by name, and into folders where it finds them.

What an object alone does wrong (a rule that does not parse, a reference to nothing) is not told here: it disables
that object, and `provider.imports.read` tells it.
"""

from provider.imports.files.findings import Effect, FileFinding
from provider.imports.files.folder import (
    ENDINGS,
    JSON,
    TOML,
    Environment,
    Folder,
    ReadFile,
    SourceText,
    is_read_in_folders,
    read,
    read_file,
)

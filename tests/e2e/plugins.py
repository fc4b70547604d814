"""A plugin of Traefik's that edges of tests have."""

from pathlib import Path
from typing import Final

import yaml

PLUGIN: Final = """package demo

import (
	"context"
	"encoding/json"
	"net/http"
)

type Config struct {
	Names []string
	Deep  map[string]interface{}
}

func CreateConfig() *Config { return &Config{} }

func New(_ context.Context, next http.Handler, config *Config, _ string) (http.Handler, error) {
	told, err := json.Marshal(config)
	return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		req.Header.Set("X-Config", string(told))
		next.ServeHTTP(rw, req)
	}), err
}
"""
"""A plugin that tells servers its configuration."""

PLUGINS: Final = {"experimental": {"localPlugins": {"demo": {"moduleName": "alvin.xyz/demo"}}}}


def add_plugin(edge: Path) -> None:
    """Put the plugin where an edge that runs in this folder finds it."""
    folder = edge / "plugins-local" / "src" / "alvin.xyz" / "demo"
    folder.mkdir(parents=True)
    (folder / "demo.go").write_text(PLUGIN)
    (folder / "go.mod").write_text("module alvin.xyz/demo\n\ngo 1.19\n")
    about = {"displayName": "Demo", "type": "middleware", "import": "alvin.xyz/demo", "summary": "A demo"}
    (folder / ".traefik.yml").write_text(yaml.safe_dump({**about, "testData": {"Names": ["a"]}}))

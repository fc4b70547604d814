"""Templates give what Go makes of them, or say that only Traefik knows."""

import pytest

from provider.imports.templates import Refused, Unknown, render

GIVEN = {"A": "one", "B": "Two words", "EMPTY": "", "LIST": "a,b,c"}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain", "plain"),
        ('x{{ env "A" }}y', "xoney"),
        ("x{{- `a` -}}  y", "xay"),
        ("x {{- /* a }} comment */ -}} y", "xy"),
        ("x {{/* kept spaces */}} y", "x  y"),
        ('{{ env "EMPTY" | default "d" }}', "d"),
        ('{{ default "d" (env "A") }}', "one"),
        ('{{ or (env "EMPTY") "b" }}{{ and 1 0 }}{{ not true }}', "b0false"),
        ('{{ coalesce (env "EMPTY") "" "c" }}', "c"),
        ('{{ if eq (env "A") "one" "two" }}yes{{ else }}no{{ end }}', "yes"),
        ('{{ if env "EMPTY" }}1{{ else if ne (env "A") "one" }}2{{ else }}3{{ end }}', "3"),
        ('{{ if and (env "A") (not (env "EMPTY")) }}both{{ end }}', "both"),
        ('{{ env "B" | lower | replace " " "-" | quote }}', '"two-words"'),
        ('{{ squote (env "A") }} {{ upper "x" }} {{ title "a b" }}', "'one' X A B"),
        ('{{ range split (env "LIST") "," }}[{{ . }}]{{ end }}', "[a][b][c]"),
        ('{{ range $i, $e := splitList "," (env "LIST") }}{{ $i }}{{ $e }} {{ end }}', "0a 1b 2c "),
        ("{{ range until 3 }}{{ . }}{{ else }}none{{ end }}", "012"),
        ("{{ range list }}{{ . }}{{ else }}none{{ end }}", "none"),
        ('{{ $x := env "A" }}{{ if true }}{{ $x = "changed" }}{{ end }}{{ $x }}', "changed"),
        ('{{ with env "A" }}{{ . }}{{ end }}{{ with "" }}{{ else }}empty{{ end }}', "oneempty"),
        ('{{ printf "%s-%03d-%v-%q" "a" 7 true "q" }}', 'a-007-true-"q"'),
        ('{{ ternary "a" "b" (eq 1 1) }}{{ hasPrefix "o" (env "A") }}', "atrue"),
        ('{{ list 1 2 "x" | join "," }}{{ len "äb" }}{{ index (list 5 6) 1 }}', "1,2,x36"),
        ('{{ "a\\tb" }}{{ `\\d` }}{{ . }}{{ add 1 2 }}{{ dict "k" 1 }}', "a\tb\\dfalse3map[k:1]"),
        ('{{ trimSuffix ".test" "a.test" }}{{ "a.test" | trimPrefix "a." }}', "atest"),
        ("{{ div 7 2 }}{{ mod 7 2 }}{{ div -7 2 }}{{ mod -7 2 }}{{ concat (list 1) (list 2) }}", "31-3-1[1 2]"),
        ("{{ 010 }}{{ int `010` }}{{ int `0x1f` }}{{ atoi `010` }}{{ atoi `0x1f` }}{{ int `08` }}", "88311000"),
        (
            '{{ title "b-c d\'e" }}{{ until -2 }}{{ print 1 2 "a" "b" 3 }}{{ normalize "A_b.c" }}',
            "B-C D'E[0 -1]1 2ab3A-b-c",
        ),
        ('{{ coalesce 0 "" }}{{ list nil }}{{ join "," (list nil 1) }}{{ cat nil "a" }}', "<no value>[<nil>]1a"),
        ("{{ slice (list 1 2 3) 1 }}{{ slice (list 1 2 3) 1 2 }}{{ mustFirst (list 7) }}", "[2 3][2]7"),
        ('{{ $d := dict }}{{ $_ := set $d "a" 1 }}{{ $d.a }}{{ omit $d "a" }}{{ pick $d "a" "b" }}', "1map[]map[a:1]"),
        ('{{ plural "one" "many" 1 }}{{ trimall "$" "$5$" }}', "one5"),
        ('{{ regexMatch "^a" "abc" }}{{ regexFind "b." "abc" }}{{ regexReplaceAll "b(.)" "abc" "${1}" }}', "truebcac"),
    ],
)
def test_what_does_the_same_everywhere_is_run(template: str, text: str) -> None:
    assert render(template, GIVEN).text == text


@pytest.mark.parametrize(
    "template",
    ["{{ if true }}" * 5000, "{{ " + "(" * 5000 + " }}", "{{ if true }}" + "{{ else if true }}" * 5000],
    ids=["blocks", "brackets", "else if"],
)
def test_what_is_nested_very_deep_is_for_traefik_alone(template: str) -> None:
    with pytest.raises(Unknown, match="nested deeper than 100 levels"):
        render(template, {})


def test_a_default_as_shells_write_it_is_a_part_of_the_name_of_a_variable_that_nobody_has() -> None:
    rendered = render('x{{ env "NAME:-shop" }}.{{ env "A" }}', GIVEN)
    assert (rendered.text, rendered.missing, rendered.odd) == ("x.one", {}, {"NAME:-shop": 4})
    assert render('{{ env "A:-b" }}', {"A:-b": "given"}).text == "given"


@pytest.mark.parametrize(
    ("template", "at"),
    [
        ("a {{ now }}", 5),
        ("{{ uuidv4 }}", 3),
        ('{{ define "x" }}{{ end }}', 0),
        ('{{ sha256sum "a" }}', 3),
        ("{{ eq 1 1.0 }}", 3),
        ('{{ printf "%d" 1.5 }}', 3),
        ("{{ div 1 0 }}", 3),
        ('{{ printf "%d" "x" }}', 3),
        ("{{ range until 9999999 }}{{ range until 9999999 }}x{{ end }}{{ end }}", 55),
    ],
)
def test_what_only_traefik_knows_is_told_where_it_stands(template: str, at: int) -> None:
    with pytest.raises(Unknown) as raised:
        render(template, GIVEN)
    assert raised.value.at in {at, 25, 50}


@pytest.mark.parametrize(
    "template",
    [
        *("{{ }}", "{{ end }}", "{{ if }}x{{ end }}", "{{ if true }}", "{{ x", "{{ unknown }}", "{{ .A }}", "{{ $x }}"),
        *(
            "{{ nil | default 1 }}",
            '{{ fail "no" }}',
            "{{ (1 }}",
            "{{ 1 | 2 }}",
            "{{ env }}",
            "{{ 'a' \"b }}",
            "{{/* x */ y }}",
            "{{ 1 2 }}",
        ),
    ],
)
def test_what_traefik_refuses_is_refused(template: str) -> None:
    with pytest.raises(Refused):
        render(template, GIVEN)


def test_a_variable_that_is_not_given_is_missing_where_it_is_needed_and_a_default_is_assumed() -> None:
    found = render('{{ env "X" | default "x" }}{{ env "Y" }}{{ env "Z" | lower }}', {})
    assert found.text == "x"
    assert (list(found.missing), found.assumed) == (["Y", "Z"], {"X": (3, "x")})


def test_each_place_of_what_was_made_leads_to_where_it_came_from() -> None:
    template = 'a\n{{ if true }}\nb{{ env "A" }}c\n{{- end }}\nd'
    found = render(template, GIVEN)
    assert found.text == "a\n\nbonec\nd"
    for letter in "abcd":
        assert template[found.source(found.text.index(letter))] == letter

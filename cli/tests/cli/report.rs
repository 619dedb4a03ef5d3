//! How `laminar infer` shows a schema: to people, to machines, and as a page.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::laminar::Folder;

const ROWS: &str =
    "{\"id\": 1, \"o\": {\"l\": [{\"sku\": \"a\"}]}, \"at\": \"n/a\"}\n{\"id\": 2, \"o\": null, \"at\": 3}\n";
const HOSTILE: &str = "{\"<script>alert(1)</script>\": \"\\\"><img src=x>\", \"\\u001b[2Jname\": 1}\n";

#[test]
fn a_pipe_gets_a_table_without_escape_codes() {
    let folder = Folder::with(&[("a.ndjson", ROWS), ("h.ndjson", HOSTILE)]);
    let table = |file: &str, locale: &str| {
        let output = folder.command(&["infer", file]).env("LC_ALL", locale).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let ascii = table("a.ndjson", "C");
    for part in [
        "format json, 2 records sampled, fingerprint ",
        "id         BIGINT    no    ######## 100.0 %",
        "o          STRUCT    yes   ####....  50.0 %",
        "  l        STRUCT[]  no",
        "    []     STRUCT    no",
        "      sku  VARCHAR   no",
        "BIGINT x 1, VARCHAR x 1",
        "\nat\n  warning: holds 1 BIGINT (3 at line 2 of a.ndjson) and 1 VARCHAR (n/a at line 1 of a.ndjson)",
    ] {
        assert!(ascii.contains(part), "{part:?} is not in {ascii}");
    }
    assert!(ascii.is_ascii(), "{ascii}");
    let unicode = table("a.ndjson", "de_DE.UTF-8");
    assert!(unicode.contains("████████ 100.0 %") && unicode.contains("VARCHAR × 1"), "{unicode}");
    let hostile = table("h.ndjson", "C");
    assert!(!hostile.contains('\x1b') && hostile.contains("\\u{1b}[2Jname"), "{hostile}");
}

#[test]
fn json_says_where_values_stand_and_which_options_hold() {
    let folder = Folder::with(&[("a.ndjson", ROWS), ("a.csv", "x;y\n1;a\n2;b\n")]);
    let report = |args: &[&str]| -> Value {
        serde_json::from_str(&folder.run(&[&["infer", "--json"], args].concat()).ended(0, &[]).stdout).unwrap()
    };
    let json = report(&["a.ndjson"]);
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(keys(&json), "fields fingerprint format found_options nested_fields options sample_count warnings");
    let evidence = "appearance_rate confidence first last name";
    assert_eq!(keys(&json["fields"][0]), format!("{evidence} non_null_rate nullable observed_types origin type"));
    assert_eq!(keys(&json["nested_fields"][0]), format!("{evidence} non_null_rate observed_types type"));
    let o = &json["fields"][1];
    assert_eq!((&o["appearance_rate"], &o["non_null_rate"]), (&0.5.into(), &0.5.into()));
    let last = &json["fields"][0]["last"];
    assert_eq!((&last["text"], &last["line"], &last["partition"]), (&"2".into(), &2.into(), &"a.ndjson".into()));
    assert!(last["offset"].is_u64());
    let csv = report(&["a.csv", "--set", "delimiter=;"]);
    assert_eq!(csv["options"]["delimiter"], ";");
    assert!(!csv["found_options"].as_array().unwrap().contains(&"delimiter".into()), "{csv}");
}

#[test]
fn a_page_holds_everything_and_obeys_nothing() {
    let folder = Folder::with(&[("a b.ndjson", &format!("{ROWS}{HOSTILE}"))]);
    let args = ["infer", "a b.ndjson", "--html", "page.html", "--set", "timestamp_formats=%d/%m/%Y", "-o", "json"];
    let json: Value = serde_json::from_str(&folder.run(&args).ended(0, &[]).stdout).unwrap();
    let page = folder.read("page.html");
    for part in [
        "<title>Schema of a b.ndjson</title>",
        "default-src 'none'",
        json["fingerprint"].as_str().unwrap(),
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "&quot;&gt;&lt;img src=x&gt;",
        "title=\"o.l[].sku\"",
        "(3 at line 2 of a b.ndjson)",
        "laminar infer &#39;a b.ndjson&#39; --set timestamp_formats=%d/%m/%Y",
        "CREATE SOURCE a_b (\n    &quot;&lt;script&gt;",
        "<code>map_threshold</code>",
        "prefers-color-scheme: dark",
    ] {
        assert!(page.contains(part), "{part:?} is not in {page}");
    }
    let lower = page.to_lowercase();
    for absent in ["<script", "<img", "<link", "http://", "https://", "url(", "@import", "src=\"", "\u{1b}"] {
        assert!(!lower.contains(absent), "{absent:?} is in {page}");
    }
    folder.run(&["infer", "a b.ndjson", "--html", "absent/page.html"]).ended(3, &["cannot write absent/page.html"]);
}

/// Runs a shell command with standard error on a terminal; nothing where there is no `script`.
fn on_a_terminal(folder: &Folder, shell: &str) -> Option<String> {
    if Command::new("script").arg("--version").output().is_err() {
        println!("skipped: there is no `script`, which makes a terminal");
        return None;
    }
    let mut command = Command::new("script");
    command.args(["-qec", shell, "/dev/null"]).current_dir(folder.path("")).stdin(Stdio::null());
    Some(String::from_utf8(command.output().unwrap().stdout).unwrap())
}

#[test]
fn long_sampling_shows_a_line_on_a_terminal_only() {
    let folder = Folder::new();
    let laminar = env!("CARGO_BIN_EXE_laminar");
    // The records come when the line has been due for a while: nothing here depends on how fast the machine is.
    let late =
        |rest: &str| format!("(sleep 2; echo '{{\"a\": 1}}') | {laminar} infer -f json - --json {rest} >out.json");
    let Some(shown) = on_a_terminal(&folder, &late("")) else { return };
    assert!(shown.contains("\r\x1b[Ksampling -: "), "{shown:?}");
    assert!(shown.ends_with("\r\x1b[K"), "the line is gone at the end: {shown:?}");
    assert!(folder.read("out.json").contains("\"fingerprint\""));
    let quiet = on_a_terminal(&folder, &late("2>err.txt")).unwrap();
    assert_eq!((quiet.as_str(), folder.read("err.txt").as_str()), ("", ""));
}

#[test]
fn terminals_get_what_they_can_show() {
    let folder = Folder::new();
    folder.write("a.ndjson", ROWS);
    let laminar = env!("CARGO_BIN_EXE_laminar");
    let shown = |env: &str| on_a_terminal(&folder, &format!("{env} {laminar} infer a.ndjson"));
    let Some(coloured) = shown("TERM=xterm NO_COLOR=") else { return };
    assert!(coloured.contains("\x1b[1mformat json"), "{coloured:?}");
    let narrow = shown("stty rows 40 cols 60; TERM=dumb").unwrap();
    assert!(narrow.contains("100.0 %") && !narrow.contains('█'), "{narrow}");
    for plain in ["TERM=xterm NO_COLOR=1", "TERM=dumb"] {
        let plain = shown(plain).unwrap();
        assert!(plain.contains("format json") && !plain.contains('\x1b'), "{plain:?}");
    }
}

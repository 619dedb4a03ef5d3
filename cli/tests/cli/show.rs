//! Commands that show what is linked: `connectors`, `doctor`, `completions`.

use serde_json::Value;

use crate::laminar::Folder;

#[test]
fn connectors_come_from_their_own_declarations() {
    let folder = Folder::new();
    let matrix = folder.run(&["connectors"]).ended(0, &[]).stdout;
    let rows: Vec<Vec<&str>> = matrix.lines().map(|line| line.split_whitespace().take(2).collect()).collect();
    for row in [["file", "source"], ["generator", "source"], ["file", "sink"], ["csv", "yes"]] {
        assert!(rows.contains(&row.to_vec()), "{row:?} is not in {matrix}");
    }
    let markdown = folder.run(&["connectors", "--markdown"]).ended(0, &[]).stdout;
    assert!(markdown.starts_with("| connector | role |") && markdown.contains("|---|---|"), "{markdown}");
    for section in ["\n## source file\n", "\n## sink file\n", "\n## format csv\n", "\n## envelope\n"] {
        assert!(markdown.contains(section), "{section:?} is not in {markdown}");
    }
    let one = folder.run(&["connectors", "FILE"]).ended(0, &[]).stdout;
    assert!(one.contains("source file") && one.contains("follow") && one.contains("sink file"), "{one}");
    let format = folder.run(&["connectors", "csv", "--markdown"]).ended(0, &[]).stdout;
    assert!(format.starts_with("## format csv") && format.contains("| delimiter, delim, sep |"), "{format}");
    folder.run(&["connectors", "fiel"]).ended(2, &["`fiel`", "did you mean `file`?"]);
}

#[test]
fn connectors_and_doctor_speak_json() {
    let folder = Folder::new();
    let all: Value = serde_json::from_str(&folder.run(&["connectors", "--json"]).ended(0, &[]).stdout).unwrap();
    assert_eq!(all["connectors"][0]["connector"], "file");
    let path = all["connectors"][0]["options"].as_array().unwrap().iter().find(|o| o["key"] == "path").unwrap();
    assert_eq!((&path["required"], &path["secret"]), (&true.into(), &false.into()));
    let doctor: Value = serde_json::from_str(&folder.run(&["doctor", "--json"]).ended(0, &[]).stdout).unwrap();
    assert_eq!(doctor["cpu"]["missing"].as_array().map(Vec::len), Some(0));
    assert_eq!(doctor["formats_read"][0], "json");
}

#[test]
fn options_have_a_json_schema() {
    let folder = Folder::new();
    let schema = |args: &[&str]| -> Value {
        let args = [&["connectors", "--json-schema"], args].concat();
        serde_json::from_str(&folder.run(&args).ended(0, &[]).stdout).unwrap()
    };
    let all = schema(&[]);
    let listed: Value = serde_json::from_str(&folder.run(&["connectors", "--json"]).ended(0, &[]).stdout).unwrap();
    // Every option of everything that is listed has a schema under each of its names.
    for (kind, name) in [("connectors", "connector"), ("formats", "format")] {
        for entry in listed[kind].as_array().unwrap() {
            let role = entry.get("role").map_or("format", |role| role.as_str().unwrap());
            let schema = &all["$defs"][format!("{role}.{}", entry[name].as_str().unwrap())];
            for option in entry["options"].as_array().unwrap() {
                let property = &schema["properties"][option["key"].as_str().unwrap()];
                assert!(property["description"].as_str().unwrap().starts_with(option["doc"].as_str().unwrap()));
                assert_eq!(property.get("writeOnly").is_some(), option["secret"] == true, "{property}");
            }
        }
    }
    let file = schema(&["file"]);
    let names: Vec<&str> = file["$defs"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["sink.file", "source.file"]);
    let source = &file["$defs"]["source.file"];
    assert_eq!(source["properties"]["follow"]["type"], "boolean");
    assert!(source["allOf"].as_array().unwrap().contains(&serde_json::json!({ "oneOf": [{ "required": ["path"] }] })));
    folder.run(&["connectors", "fiel", "--json-schema"]).ended(2, &["did you mean `file`?"]);
}

#[test]
fn doctor_says_how_json_is_parsed() {
    let out = Folder::new().run(&["doctor"]).ended(0, &[]).stdout;
    let expected = if cfg!(all(target_feature = "avx2", target_feature = "pclmulqdq")) { "static AVX2" } else { "" };
    assert!(out.contains("JSON parser dispatch:") && out.contains(expected), "{out}");
    assert!(out.contains("sources:") && out.contains("file generator"), "{out}");
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = Folder::new().run(&["completions", shell]).ended(0, &[]).stdout;
        assert!(script.contains("convert") && script.contains("on-error"), "{shell}");
    }
    Folder::new().run(&["completions", "tcsh"]).ended(2, &["tcsh"]);
}

#[test]
fn usage_errors_end_with_two() {
    let folder = Folder::new();
    folder.run(&[]).ended(2, &["Usage"]);
    folder.run(&["frobnicate"]).ended(2, &["frobnicate"]);
    folder.run(&["run", "--wat"]).ended(2, &["--wat"]);
    folder.run(&["--version"]).ended(0, &[]);
}

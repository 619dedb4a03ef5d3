//! `laminar new connector`: what is written and what is refused. `tests/downstream/authoring.sh` builds and tests what is written.

use std::fs;

use crate::laminar::Folder;

#[test]
fn a_crate_is_written_in_the_spellings_of_its_name() {
    for (name, folder, snake, pascal) in [
        ("ticks", "ticks", "ticks", "Ticks"),
        ("my-queue2", "my-queue2", "my_queue2", "MyQueue2"),
        ("my_queue", "my-queue", "my_queue", "MyQueue"),
    ] {
        let dir = Folder::new();
        let said = dir.run(&["new", "connector", name]).ended(0, &[]).stdout;
        assert!(said.ends_with(&format!("next: cd {folder} && cargo test\n")), "{said}");
        let manifest = dir.read(&format!("{folder}/Cargo.toml"));
        let version = format!("laminar-schema = \"{}\"", env!("CARGO_PKG_VERSION"));
        assert!(manifest.contains(&format!("name = \"{folder}\"")) && manifest.contains(&version), "{manifest}");
        for file in ["lib", "config", "source", "schema", "sink"] {
            let text = dir.read(&format!("{folder}/src/{file}.rs"));
            assert!(text.contains(pascal) && !text.contains('$'), "{text}");
        }
        assert!(dir.read(&format!("{folder}/src/sink.rs")).contains(&format!("#[connector(name = \"{snake}\"")));
        let test = dir.read(&format!("{folder}/tests/conformance.rs"));
        assert!(test.contains(&format!("use {snake}::")) && !test.contains('$'), "{test}");
    }
}

#[test]
fn names_and_folders_that_cannot_be_are_refused() {
    let dir = Folder::with(&[("file", ""), ("taken", "")]);
    fs::create_dir(dir.path("empty")).unwrap();
    for (args, said) in [
        (&["My-Queue"][..], "no name in kebab or snake case"),
        (&["1st"], "no name in kebab or snake case"),
        (&["a--b"], "no name in kebab or snake case"),
        (&["a/b"], "no name in kebab or snake case"),
        (&["ünique"], "no name in kebab or snake case"),
        (&[""], "no name in kebab or snake case"),
        (&["match"], "a word of Rust's"),
        (&["laminar-schema"], "a crate that it needs is called so"),
        (&["taken"], "taken is there already"),
        (&["ok", "--path", "empty"], "empty is there already"),
        (&["ok", "--laminar-path", "empty"], "empty is no checkout of laminar-schema"),
    ] {
        let ran = dir.run(&[&["new", "connector"], args].concat()).ended(2, &["error: ", said, "\nhelp: "]);
        assert_eq!(ran.stdout, "");
        assert!(!dir.path("ok").exists(), "{args:?} left something");
    }
    dir.run(&["new", "connector", "ok", "--path", "file/below"]).ended(3, &["error: cannot write file/below"]);
}

//! `laminar lock`: written, held against the same data, other data, other SQL, and an edited lock.

use serde_json::Value;

use crate::laminar::Folder;

const ROWS: &str = "{\"id\": 1, \"price\": 2, \"at\": {\"city\": \"Bonn\"}}\n{\"id\": 2, \"price\": 3}\n";
const SQL: &str = "CREATE SOURCE trades FROM FILE (path = 'trades.ndjson') FORMAT JSON;
    CREATE SOURCE wide (id UBIGINT, * PREFIX 'p_') FROM FILE (path = 'trades.ndjson') FORMAT JSON;
    CREATE SOURCE fixed (id BIGINT) FROM FILE (path = 'trades.ndjson') FORMAT JSON;";

/// A folder with a lock in it.
fn locked() -> Folder {
    let folder = Folder::with(&[("trades.ndjson", ROWS), ("q.sql", SQL)]);
    folder.run(&["lock", "write", "q.sql"]).ended(0, &["laminar.lock: 3 sources locked"]);
    folder
}

#[test]
fn nothing_has_changed_and_then_a_type_has() {
    let folder = locked();
    let whole = folder.read("laminar.lock");
    let unchanged = "source fixed: unchanged, resolved again\nsource trades: unchanged, resolved again\n\
                     source wide: unchanged, resolved again\n";
    assert_eq!(folder.run(&["lock", "verify", "q.sql"]).ended(0, &[]).stdout, unchanged);
    // Writing again writes the same.
    folder.run(&["lock", "write", "q.sql"]).ended(0, &[]);
    assert_eq!(folder.read("laminar.lock"), whole);
    // A record more with the same schema is no change.
    folder.write("trades.ndjson", format!("{ROWS}{{\"id\": 3, \"price\": 9, \"at\": null}}\n"));
    assert_eq!(folder.run(&["lock", "verify", "q.sql"]).ended(0, &[]).stdout, unchanged);

    folder.write("trades.ndjson", ROWS.replace("3}", "3.5, \"tag\": \"x\"}").replace("\"Bonn\"", "[1]"));
    let diff = folder.run(&["lock", "verify", "q.sql"]).ended(1, &[]).stdout;
    for part in [
        "source fixed: unchanged",
        "source trades: changed, resolved again\n  ~ field price: BIGINT → DOUBLE\n",
        "  ~ field at.city: VARCHAR → BIGINT[]\n",
        "  + field tag VARCHAR\n",
        "  ~ fingerprint: ",
        "  ~ field p_price: BIGINT → DOUBLE\n",
    ] {
        assert!(diff.contains(part), "{part:?} is not in {diff}");
    }
    // Nothing is read offline: what the lock has is still true of its evidence.
    std::fs::remove_file(folder.path("trades.ndjson")).unwrap();
    let offline = folder.run(&["lock", "verify", "q.sql", "--offline"]).ended(0, &[]).stdout;
    assert_eq!(
        offline,
        "source fixed: unchanged, its declaration was compared\n\
         source trades: unchanged, inferred again from its evidence\n\
         source wide: unchanged, inferred again from its evidence\n"
    );
    folder.run(&["lock", "verify", "q.sql"]).ended(3, &["trades.ndjson"]);
}

#[test]
fn an_edited_lock_does_not_pass_offline() {
    let folder = locked();
    let whole = folder.read("laminar.lock");
    let check = |from: &str, to: &str, code, said: &str| {
        assert!(whole.contains(from), "{from:?} is not in {whole}");
        folder.write("edited.lock", whole.replace(from, to));
        let ran = folder.run(&["lock", "verify", "q.sql", "--offline", "--lock", "edited.lock"]).ended(code, &[]);
        assert!(ran.stdout.contains(said), "{said:?} is not in {ran:?}");
    };
    let evidence = whole.lines().find(|line| line.contains("\"evidence\"")).unwrap();
    check(evidence, "      \"evidence\": {}", 1, "~ evidence: ");
    check("Bonn", "Köln", 0, "unchanged");
    // The key of a field, in the evidence only.
    check(evidence, &evidence.replace("price", "prize"), 1, "+ field prize BIGINT");
    check("\"type\": \"BIGINT\"", "\"type\": \"DOUBLE\"", 1, "~ field id: DOUBLE → BIGINT");
    check("\\\"price\\\" BIGINT", "\\\"price\\\" DOUBLE", 1, "~ the lock contradicts itself: its schema has");
    check(evidence, "      \"unknown_key\": 1", 1, "~ the lock contradicts itself: its evidence is missing");
}

#[test]
fn other_sql_is_a_change() {
    let folder = locked();
    let check = |sql: &str, expected: &[&str]| {
        folder.write("q.sql", sql);
        for offline in [&[][..], &["--offline"]] {
            let args = [&["lock", "verify", "q.sql"], offline].concat();
            let ran = folder.run(&args).ended(1, &[]);
            for part in expected {
                assert!(ran.stdout.contains(part), "{part:?} is not in {ran:?}");
            }
        }
    };
    check(&SQL.replace("fixed (id BIGINT)", "fixed (id INTEGER, b UUID)"), &["id: BIGINT → INTEGER", "+ field b UUID"]);
    check(
        &SQL.replace("SOURCE fixed", "SOURCE other"),
        &["source fixed: changed, not compared", "- the source is not in the SQL", "+ the source is not in the lock"],
    );
    check(
        &SQL.replace("FORMAT JSON;\n", "FORMAT JSON (unknown_fields = 'reject');\n"),
        &["~ format option unknown_fields: none → 'reject'"],
    );
    check(
        &SQL.replace("FORMAT JSON;\n", "FORMAT JSON INFER SCHEMA (number_type = 'double');\n"),
        &["~ inference option number_type: 'bigint' → 'double'"],
    );
    check(
        &SQL.replace("trades FROM", "trades (id BIGINT, price BIGINT) FROM"),
        &[
            "~ resolution: inferred → declared",
            "~ strategy: sampling → full declaration",
            "- field at STRUCT(city VARCHAR)",
        ],
    );
}

#[test]
fn machines_read_the_verdict() {
    let folder = locked();
    folder.write("trades.ndjson", ROWS.replace("3}", "3.5}"));
    let report = folder.run(&["lock", "verify", "q.sql", "--json"]).ended(1, &[]).stdout;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["unchanged"], false);
    let trades = &report["sources"][1];
    assert_eq!((&trades["source"], &trades["compared"]), (&"trades".into(), &"resolved".into()));
    let change = &trades["changes"][0];
    let expected = [("kind", "type_changed"), ("path", "price"), ("from", "BIGINT"), ("to", "DOUBLE")];
    for (key, value) in expected {
        assert_eq!(change[key], value, "{change}");
    }
    assert_eq!(change["message"], "~ field price: BIGINT → DOUBLE");
}

#[test]
fn a_lock_that_cannot_be_used_ends_with_two() {
    let folder = locked();
    let check = |args: &[&str], code, said: &[&str]| {
        folder.run(&[&["lock"], args].concat()).ended(code, said);
    };
    folder.write("newer.lock", "{\"version\": 9}");
    folder.write("broken.lock", "{");
    folder.write("broken.sql", "CREATE SAUCE");
    check(&["verify", "q.sql", "--lock", "absent.lock"], 2, &["no lock absent.lock", "laminar lock write"]);
    check(&["verify", "q.sql", "--lock", "newer.lock"], 2, &["version 9", "up to 1"]);
    check(&["verify", "q.sql", "--lock", "broken.lock"], 2, &["broken.lock is no lock"]);
    check(&["verify", "absent.sql"], 3, &["absent.sql"]);
    check(&["write", "broken.sql"], 2, &["CREATE SAUCE"]);
    check(&["write", "-"], 2, &["--lock"]);
    check(&["write", "q.sql", "--lock", "absent/x.lock"], 3, &["cannot write absent/x.lock"]);
    // Another SQL file of the same folder has its own.
    folder.write("r.sql", "CREATE SOURCE s (a DATE) FROM FILE (path = 'trades.ndjson') FORMAT JSON");
    check(&["write", "r.sql"], 2, &["belongs to q.sql, not to r.sql", "--lock"]);
    check(&["write", "r.sql", "--lock", "r.lock"], 0, &["r.lock: 1 source locked"]);
}

#[test]
fn a_lock_holds_no_secret_and_no_path_that_nobody_wrote() {
    let folder = locked();
    let lock = folder.read("laminar.lock");
    assert!(!lock.contains(folder.path("").to_str().unwrap()), "{lock}");
    assert!(lock.contains("\"partition\": \"trades.ndjson\""), "{lock}");
    // Places of values, and of the sample, are there.
    for part in ["\"first\": {", "\"records\": 2", "\"sample_size\": 1000", "\"appearance_rate\": 0.5"] {
        assert!(lock.contains(part), "{part} is not in {lock}");
    }
}

#[test]
fn options_that_were_found_are_locked_too() {
    let folder = Folder::with(&[
        ("t.csv", "a;b\n1;1,5\n2;2,5\n"),
        ("q.sql", "CREATE SOURCE t FROM FILE (path = 't.csv') FORMAT CSV"),
    ]);
    folder.run(&["lock", "write", "q.sql"]).ended(0, &[]);
    let lock = folder.read("laminar.lock");
    assert!(lock.contains("\"delimiter\": \";\"") && lock.contains("\"decimal_separator\": \",\""), "{lock}");
    let verdict = |offline: &[&str]| folder.run(&[&["lock", "verify", "q.sql"], offline].concat()).ended(0, &[]).stdout;
    assert_eq!(verdict(&[]), "source t: unchanged, resolved again\n");
    assert_eq!(verdict(&["--offline"]), "source t: unchanged, inferred again from its evidence\n");
    // The same columns behind another delimiter: the decoder would read something else.
    folder.write("t.csv", "a|b\n1|1,5\n2|2,5\n");
    let diff = folder.run(&["lock", "verify", "q.sql"]).ended(1, &[]).stdout;
    assert!(diff.contains("~ format option delimiter: ';' → '|'") && !diff.contains("field"), "{diff}");
}

//! `--threads`: what is written, rejected, found and reported is the same whatever their number.

use std::fmt::Write as _;

use crate::laminar::Folder;

/// Enough records for several batches, the `n`-th of them as `record` has it.
fn records(record: impl Fn(usize) -> Option<String>) -> String {
    let mut text = String::new();
    for n in 1..=40_000 {
        let _ = match record(n) {
            Some(other) => writeln!(text, "{other}"),
            None => writeln!(text, r#"{{"id":{n},"name":"number, \"{n}\"","price":{}.25}}"#, n * 7 % 1000),
        };
    }
    text
}

/// What a conversion left: exit code, output, dead letters, and what was said without the times.
fn left(folder: &Folder, input: &str, policy: &str, threads: &str) -> (Option<i32>, String, String, String) {
    for (name, empty) in [("out.csv", ""), ("bad.ndjson", "")] {
        folder.write(name, empty);
    }
    let columns = "id BIGINT, name VARCHAR, price DOUBLE";
    let options = ["--schema", columns, "-o", "out.csv", "--on-error", policy, "--threads", threads];
    let ran = folder.run(&[&["convert", input], &options[..]].concat());
    let said = |line: &str| match line.split_once(" in ").zip(line.split_once("/s; ")) {
        Some(((before, _), (_, behind))) => format!("{before}; {behind}"),
        None => line.to_owned(),
    };
    let said: Vec<String> = ran.stderr.lines().map(said).collect();
    (ran.code, folder.read("out.csv"), folder.read("bad.ndjson"), said.join("\n"))
}

/// Converts a file under every policy, on one thread and on several.
#[track_caller]
fn check(name: &str, input: &str, codes: [i32; 3], rejected: usize) {
    let folder = Folder::with(&[(name, input)]);
    for (policy, code) in ["fail", "skip", "dlq=bad.ndjson"].into_iter().zip(codes) {
        let one = left(&folder, name, policy, "1");
        assert_eq!(one.0, Some(code), "{policy}: {}", one.3);
        if policy == "skip" {
            assert!(one.3.replace(',', "").contains(&format!("{rejected} rejected")), "{}", one.3);
        }
        if policy.starts_with("dlq") {
            assert_eq!(one.2.lines().count(), rejected);
        }
        for threads in ["2", "4"] {
            let several = left(&folder, name, policy, threads);
            // Compared part by part: the outputs are too long to be shown.
            assert_eq!((several.0, &several.3), (one.0, &one.3), "{policy} {threads}");
            assert!(several.1 == one.1, "{policy} {threads}: another output");
            assert!(several.2 == one.2, "{policy} {threads}: other dead letters");
        }
    }
}

#[test]
fn good_records() {
    check("a.ndjson", &records(|_| None), [0, 0, 0], 0);
}

#[test]
fn bad_records_in_several_batches() {
    let bad = |n| match n {
        30_000 => Some(r#"{"id":"x"}"#.to_owned()),
        30_001 | 39_999 => Some("no json".to_owned()),
        _ => None,
    };
    check("a.ndjson", &records(bad), [1, 0, 0], 3);
    check("a.ndjson", &records(|n| (n % 3 == 0).then(|| format!(r#"{{"id":{n}.5}}"#))), [1, 0, 0], 13_333);
}

#[test]
fn nothing_but_bad_records() {
    check("a.ndjson", &records(|n| Some(format!("{{\"id\":\"{n}\"}}"))), [1, 0, 0], 40_000);
}

#[test]
fn no_records() {
    check("a.ndjson", "", [0, 0, 0], 0);
    check("a.ndjson", "\n\n \n", [0, 0, 0], 0);
}

#[test]
fn records_that_cannot_be_cut_out() {
    let array = |faults: [usize; 2]| {
        let mut text = "[".to_owned();
        for n in 1..=40_000 {
            let comma = if faults.contains(&n) { ",," } else { "," };
            let _ = write!(text, "{{\"id\":{n},\"name\":\"n\",\"price\":0.5}}{}", if n < 40_000 { comma } else { "]" });
        }
        text
    };
    check("a.json", &array([0, 0]), [0, 0, 0], 0);
    check("a.json", &array([20_000, 39_000]), [1, 0, 0], 2);
}

#[test]
fn the_first_of_several_kinds_of_errors_decides() {
    let csv = |bad: &str| {
        let rows = records(|n| Some(if n == 35_000 { bad.to_owned() } else { format!("{n},name,{n}.5") }));
        format!("id,name,price\n{rows}")
    };
    check("a.csv", &csv("1,2"), [1, 0, 0], 1);
    // The quote is never closed: what follows is one record.
    check("a.csv", &csv("1,\"2,3"), [1, 0, 0], 1);
}

#[test]
fn the_number_is_at_least_one() {
    let folder = Folder::with(&[("a.ndjson", "{\"a\":1}\n")]);
    for threads in ["0", "-1", "two"] {
        folder.run(&["convert", "a.ndjson", &format!("--threads={threads}")]).ended(2, &["--threads"]);
    }
}

#[test]
fn inference_finds_the_same() {
    // Each part of the sample alone would say something else.
    let other = |n| match n {
        11_000 => Some(r#"{"name":null,"late":[{"x":1}],"id":12345678901234567890}"#.to_owned()),
        25_000 => Some(r#"{"late":[{"y":"2024-01-01"}],"price":1e300}"#.to_owned()),
        33_333 => Some("no json".to_owned()),
        _ => None,
    };
    let folder = Folder::with(&[("a.ndjson", &records(other))]);
    let found = |threads: &str| {
        folder
            .run(&["infer", "a.ndjson", "--json", "--sample-size", "1000000", "--threads", threads])
            .ended(0, &[])
            .stdout
    };
    let one = found("1");
    for part in ["\"sample_count\": 40000", "\"late\"", "late[].y"] {
        assert!(one.contains(part), "{part} is not in {one}");
    }
    for threads in ["2", "3", "8"] {
        assert_eq!(found(threads), one, "{threads}");
    }
}

//! The binary on a CPU that lacks what it was built for.

use std::process::Command;

#[test]
fn a_binary_built_above_the_machine_says_so() {
    if !cfg!(target_feature = "avx2") {
        println!("skipped: this build runs on every x86-64 machine");
        return;
    }
    let laminar = env!("CARGO_BIN_EXE_laminar");
    let Ok(ran) = Command::new("qemu-x86_64").args(["-cpu", "Nehalem", laminar, "doctor"]).output() else {
        println!("skipped: qemu-x86_64 is not installed (Debian: qemu-user)");
        return;
    };
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(2), "{said}");
    assert!(said.starts_with("error: this binary was built for CPUs with these features"), "{said}");
    assert!(said.contains(" avx2 ") && !said.contains("sse4.2"), "{said}");
}

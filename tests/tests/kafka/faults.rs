//! Faults with exact accounting by unique ids. `scripts/kafka_faults` runs them with more records, and one at a time.

use std::{collections::BTreeSet, path::Path, time::Duration};

use laminar_tests::{
    killed,
    served::{account, memory, unique},
};

use crate::{
    broker::{Topic, brokers, service},
    id_of, ids,
    sql::{Sinks, Sources, run_until},
    until,
};

/// How many records; only `scripts/kafka_faults` sets it.
const RECORDS: &str = "LAMINAR_KAFKA_FAULTS";

fn num_records() -> u64 {
    killed::num_records(RECORDS, 4_000)
}

/// Not a test by itself: the process that is killed.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    killed::child::<Sources, Sinks>().await;
}

fn spawn(sql: &str, checkpoints: &Path) -> killed::Process {
    killed::spawn("faults::child", sql, checkpoints)
}

/// Delays between 100 and 900 ms, the same in every run.
fn delays() -> impl Iterator<Item = Duration> {
    let mut state = 42_u64;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Duration::from_millis(100 + (state >> 33) % 800)
    })
}

/// SQL that copies a topic to its end, with more options of the sink.
fn copy(brokers: &str, from: &Topic, to: &Topic, options: &str) -> String {
    format!(
        "CREATE SOURCE s (id BIGINT, name VARCHAR) FROM KAFKA (brokers = '{brokers}', topic = '{}', end = latest) FORMAT JSON;
         CREATE SINK out INTO KAFKA (brokers = '{brokers}', topic = '{}' {options}) FORMAT JSON;
         INSERT INTO out SELECT * FROM s",
        from.name, to.name
    )
}

/// Ids that another client finds in a topic.
fn ids_in(topic: &Topic) -> BTreeSet<u64> {
    let id = |text: String| serde_json::from_str::<serde_json::Value>(&text).unwrap()["id"].as_u64();
    topic.read().into_iter().filter_map(|record| id(record.value?)).collect()
}

fn once(dir: &Path) -> String {
    let options = format!(", transactional_id = '{}', spool_dir = '{}'", unique("faults"), dir.display());
    format!("{options}, key = 'id'")
}

/// Copies `num_records()` records in pieces, killing the process in each.
async fn copy_and_kill(brokers: &'static str, is_exact: bool) -> (Vec<u64>, Vec<u64>) {
    let (from, to) = (Topic::create(brokers, "kill-from", 6).await, Topic::create(brokers, "kill-to", 6).await);
    let dir = tempfile::tempdir().unwrap();
    let sql = copy(brokers, &from, &to, &if is_exact { once(dir.path()) } else { String::new() });
    let (records, kills) = (num_records(), 8);
    for (round, delay) in (0..kills).zip(delays()) {
        from.write(6, ids(records * round / kills..records * (round + 1) / kills));
        let mut child = spawn(&sql, dir.path());
        tokio::time::sleep(delay).await;
        // SIGKILL; a child that was done has nothing to lose.
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(spawn(&sql, dir.path()).wait().unwrap().success());
    account(to.read().into_iter().filter_map(|r| r.value), records)
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_neither_loses_nor_doubles_what_is_written_exactly_once() {
    let Some(brokers) = brokers() else { return };
    let (missing, doubled) = copy_and_kill(brokers, true).await;
    println!("{} records, 8 × kill -9, exactly once: {} lost, {} doubled", num_records(), missing.len(), doubled.len());
    assert_eq!((missing.len(), doubled.len()), (0, 0), "{:?} {:?}", missing.first(), doubled.first());
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_loses_nothing_of_what_is_written_at_least_once() {
    let Some(brokers) = brokers() else { return };
    let (missing, doubled) = copy_and_kill(brokers, false).await;
    println!(
        "{} records, 8 × kill -9, at least once: {} lost, {} doubled",
        num_records(),
        missing.len(),
        doubled.len()
    );
    assert_eq!(missing.len(), 0, "{:?}", missing.first());
}

/// Whether restarts can be tested here: only the broker that `scripts/kafka_faults` has started may be restarted.
fn may_restart() -> bool {
    let may = std::env::var(RECORDS).is_ok() && std::env::var("LAMINAR_TEST_KAFKA").is_err();
    if !may {
        println!("skipped: the broker is restarted by scripts/kafka_faults only, and only its own");
    }
    may
}

/// Copies records in pieces, restarting the broker in each. Yields how many are not there, though the broker is not known to have
/// lost them, and how many are there twice.
async fn copy_and_restart(brokers: &'static str, is_exact: bool) -> (usize, usize) {
    let (from, to) = (Topic::create(brokers, "restart-from", 6).await, Topic::create(brokers, "restart-to", 6).await);
    let dir = tempfile::tempdir().unwrap();
    let sql = copy(brokers, &from, &to, &if is_exact { once(dir.path()) } else { String::new() });
    // With 200,000 records a run found a committed transaction's mark gone after a restart.
    let (records, restarts) = (num_records().min(12_000), 4);
    let mut failed = 0;
    // What another client has read in the output once, and ids that are missing there and are no fault of ours: they were there
    // before, or the input does not hold them any more, which the broker had acknowledged.
    let (mut seen, mut lost_by_broker, mut lost_by_us) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (round, delay) in (0..restarts).zip(delays()) {
        let end = records * (round + 1) / restarts;
        from.write(6, ids(records * round / restarts..end));
        let mut child = spawn(&sql, dir.path());
        tokio::time::sleep(delay).await;
        service(&["--restart", "kafka"]).unwrap();
        // A process may give up, and is then started again; what it must not do is lose or double.
        while !child.wait().unwrap().success() {
            failed += 1;
            assert!(failed < 10, "it does not recover");
            child = spawn(&sql, dir.path());
        }
        let (now, input) = (ids_in(&to), ids_in(&from));
        for id in (0..end).filter(|id| !now.contains(id)) {
            let by_broker = seen.contains(&id) || !input.contains(&id);
            if by_broker {
                lost_by_broker.insert(id)
            } else {
                lost_by_us.insert(id)
            };
        }
        seen.extend(now);
    }
    let (_, doubled) = account(to.read().into_iter().filter_map(|r| r.value), records);
    let mode = if is_exact { "exactly once" } else { "at least once" };
    println!(
        "{records} records, {restarts} × broker restarted, {mode}: {} lost, {} doubled, {failed} runs given up; \
         the broker itself lost {} that it had acknowledged",
        lost_by_us.len(),
        doubled.len(),
        lost_by_broker.len()
    );
    (lost_by_us.len(), doubled.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_restarts_loses_nothing_of_what_is_written_at_least_once() {
    let (true, Some(brokers)) = (may_restart(), brokers()) else { return };
    let (lost, _) = copy_and_restart(brokers, false).await;
    if lost > 0 {
        // What the broker acknowledges and loses, nobody can keep: another client's records say whether it does. It need not each time.
        let (mut acknowledged, mut missing, mut probes) = (0, 0, 0);
        while missing == 0 && probes < 5 {
            (acknowledged, missing) = Topic::create(brokers, "restart-probe", 1).await.lose_over_a_restart();
            probes += 1;
        }
        assert!(
            missing > 0,
            "{lost} lost, and in {probes} restarts the broker kept all that it acknowledged to another client"
        );
        println!(
            "skipped: the broker loses what it acknowledges while it ends: of {acknowledged} records of librdkafka's own producer \
             {missing} are not there, so that {lost} lost ones prove nothing"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_restarts_neither_loses_nor_doubles_what_is_written_exactly_once() {
    let (true, Some(brokers)) = (may_restart(), brokers()) else { return };
    let probe = Topic::create(brokers, "restart-probe", 1).await;
    let committed = probe.commit_over_a_restart(100);
    if committed < 100 {
        println!(
            "skipped: the broker does not keep open transactions over a restart: librdkafka's own producer committed 100 records, \
             and {committed} are there"
        );
        return;
    }
    assert_eq!(copy_and_restart(brokers, true).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn members_that_come_and_go_lose_nothing() {
    members_come_and_go("range").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_that_rebalance_cooperatively_come_and_go_and_lose_nothing() {
    members_come_and_go("cooperative-sticky").await;
}

async fn members_come_and_go(strategy: &str) {
    let Some(brokers) = brokers() else { return };
    let topic = Topic::create(brokers, "storm", 6).await;
    let group = unique("storm");
    let (store, out) = memory();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM KAFKA (brokers = '{brokers}', topic = '{}', 'group.id' = '{group}',
             'partition.assignment.strategy' = '{strategy}')
         FORMAT JSON; {out} INSERT INTO out SELECT * FROM s",
        topic.name
    );
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let constant = {
        let (sql, mut stopped) = (sql.clone(), stopped.clone());
        tokio::spawn(async move { run_until(&sql, None, async move { drop(stopped.wait_for(|s| *s).await) }).await })
    };
    let (records, rounds) = (num_records(), 6);
    let mut stores = vec![store];
    for round in 0..rounds {
        topic.write(6, ids(records * round / rounds..records * (round + 1) / rounds));
        let (store, out) = memory();
        stores.push(store);
        let sql = sql.replacen(&sql[sql.find("CREATE SINK").unwrap()..sql.find("INSERT").unwrap()], &out, 1);
        run_until(&sql, None, tokio::time::sleep(Duration::from_secs(1))).await.unwrap();
    }
    let seen = || stores.iter().flat_map(|s| s.texts()).collect::<Vec<_>>();
    until(|| account(seen(), records).0.is_empty()).await;
    stop.send(true).unwrap();
    constant.await.unwrap().unwrap();
    let (missing, doubled) = account(seen(), records);
    println!(
        "{strategy}: {records} records, {rounds} members came and went: {} lost, {} doubled",
        missing.len(),
        doubled.len()
    );
    assert_eq!(missing.len(), 0, "{:?}", missing.first());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_record_is_a_row_or_a_dead_letter() {
    let Some(brokers) = brokers() else { return };
    let (topic, dead) = (Topic::create(brokers, "poison", 6).await, Topic::create(brokers, "poison-dead", 6).await);
    let is_bad = |id: u64| id.is_multiple_of(97);
    // The bad ones are cut in the middle of a number's digits, or of their name.
    let value = |id: u64| if is_bad(id) { format!(r#"{{"name":"{id}","id":"#) } else { format!(r#"{{"id":{id}}}"#) };
    topic.write(6, (0..num_records()).map(value));
    let (store, out) = memory();
    let sql = format!(
        "CREATE SINK dead INTO KAFKA (brokers = '{brokers}', topic = '{}', value = 'record', headers = 'offset, error') FORMAT RAW;
         CREATE SOURCE s (id BIGINT) FROM KAFKA (brokers = '{brokers}', topic = '{}', end = latest) FORMAT JSON
         ON ERROR DEAD LETTER TO dead;
         {out} INSERT INTO out SELECT * FROM s",
        dead.name, topic.name
    );
    let summary = run_until(&sql, None, std::future::pending()).await.unwrap();
    let bad = (0..num_records()).filter(|id| is_bad(*id)).count();
    let mut rows: Vec<u64> = store.texts().iter().map(|t| id_of(t)).collect();
    rows.sort_unstable();
    let mut letters: Vec<String> = dead.read().into_iter().filter_map(|r| r.value).collect();
    letters.sort();
    let mut expected: Vec<String> = (0..num_records()).filter(|id| is_bad(*id)).map(value).collect();
    expected.sort();
    println!("{} records, {bad} poisoned: {} rows, {} dead letters", num_records(), rows.len(), letters.len());
    assert_eq!(rows, (0..num_records()).filter(|id| !is_bad(*id)).collect::<Vec<_>>());
    assert_eq!((letters, summary.rejected), (expected, bad as u64));
}

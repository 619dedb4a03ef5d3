//! Competitors timed in turns within one process, so that a noisy machine hits all of them alike.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Seconds per competitor and round.
#[derive(Debug)]
pub struct Turns {
    seconds: Vec<Vec<f64>>,
}

impl Turns {
    /// Lets every competitor `run` each slice of the work once per round; the first round only warms up.
    ///
    /// A turn is one slice, so that whatever else the machine does hits all competitors alike. What counts is the
    /// thread's time on a processor: waiting for one is nobody's work. Before each turn, and not counted, `prepare`
    /// brings the slice into the cache, whoever came before; each slice begins with another competitor.
    pub fn take<P, S>(
        competitors: &mut [P],
        slices: &[S],
        num_rounds: usize,
        prepare: impl Fn(&S),
        mut run: impl FnMut(&mut P, &S),
    ) -> Self {
        let mut seconds = vec![Vec::with_capacity(num_rounds); competitors.len()];
        for round in 0..=num_rounds {
            let mut of_round = vec![0.0; competitors.len()];
            for (number, slice) in slices.iter().enumerate() {
                for turn in 0..competitors.len() {
                    let index = (round + number + turn) % competitors.len();
                    prepare(slice);
                    let start = time_on_processor();
                    run(&mut competitors[index], slice);
                    of_round[index] += (time_on_processor() - start).as_secs_f64();
                }
            }
            if round > 0 {
                seconds.iter_mut().zip(of_round).for_each(|(all, one)| all.push(one));
            }
        }
        Self { seconds }
    }

    /// The median of a competitor's seconds.
    pub fn seconds(&self, competitor: usize) -> f64 {
        median(self.seconds[competitor].clone())
    }

    /// How many times as fast as `reference` the competitor was: a ratio within each round, and the median of these.
    pub fn ratio(&self, competitor: usize, reference: usize) -> f64 {
        let rounds = self.seconds[reference].iter().zip(&self.seconds[competitor]);
        median(rounds.map(|(reference, own)| reference / own).collect())
    }
}

/// How long this thread has run so far.
fn time_on_processor() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    // Both parts of a thread's time are above zero, and the second is below a second.
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The mean that ratios have.
pub fn geometric_mean(ratios: &[f64]) -> f64 {
    (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

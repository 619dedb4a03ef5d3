//! Competitors timed in turns within one process, so that a noisy machine hits all of them alike.

use std::time::Instant;

/// Seconds per competitor and round.
#[derive(Debug)]
pub struct Turns {
    seconds: Vec<Vec<f64>>,
}

impl Turns {
    /// Runs every competitor once per round. The first round only warms up.
    ///
    /// Each round begins with another competitor: some of them read the same memory, and none of them may always find it
    /// in the cache because of who came before.
    pub fn take<P>(competitors: &mut [P], num_rounds: usize, mut run: impl FnMut(&mut P)) -> Self {
        let mut seconds = vec![Vec::with_capacity(num_rounds); competitors.len()];
        for round in 0..=num_rounds {
            for turn in 0..competitors.len() {
                let index = (round + turn) % competitors.len();
                let start = Instant::now();
                run(&mut competitors[index]);
                let elapsed = start.elapsed().as_secs_f64();
                if round > 0 {
                    seconds[index].push(elapsed);
                }
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

/// The mean that ratios have.
pub fn geometric_mean(ratios: &[f64]) -> f64 {
    (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

//! A running file source: cuts what the reader thread sends into records.

use std::{collections::VecDeque, fmt};

use laminar_schema::{
    ColumnsBatch, FileSchema, Location, NewRecord, Positions, RecordStream, RowsOrigin, SchemaError, SchemaResult,
    Skipped, SourceBatch,
};

use crate::{
    in_use::Reading,
    open::{HEADROOM, Records, bad_position, place},
    position::FilePosition,
    reader::{Event, FileRows, Reader},
};

/// A running [`FileSource`](crate::FileSource).
pub struct FileStream {
    reader: Reader,
    /// Events that were received and not yet looked at.
    queue: VecDeque<Event>,
    /// Inputs by number; `None` once they have ended and all their records are yielded.
    pub(crate) inputs: Vec<Option<Records>>,
    /// Columns that were received and not yet yielded to their end.
    rows: Option<Box<FileRows>>,
    /// What was left unread since the last batch that was yielded.
    skipped: Skipped,
    /// The file that reading has stopped before, since its schema is new.
    file: Option<FileSchema>,
    /// The input whose buffer may still hold whole records.
    cutting: Option<usize>,
    /// Positions reached since the last batch that was yielded. They wait here, because a cancelled call must not take
    /// them with it.
    reached: Positions,
    max_batch_bytes: usize,
    /// An error that comes after records that have to be yielded first.
    failed: Option<SchemaError>,
    ended: bool,
    /// Keeps sinks away from the files that are read.
    _reading: Reading,
}

impl fmt::Debug for FileStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStream").field("inputs", &self.inputs).finish_non_exhaustive()
    }
}

impl FileStream {
    pub(crate) fn new(reader: Reader, max_batch_bytes: usize) -> Self {
        Self {
            reader,
            queue: VecDeque::new(),
            inputs: Vec::new(),
            rows: None,
            skipped: Skipped::default(),
            file: None,
            cutting: None,
            reached: Positions::new(),
            max_batch_bytes,
            failed: None,
            ended: false,
            _reading: Reading::default(),
        }
    }

    /// Yields the records of one input that is read once, beginning with what is in `kept`.
    pub(crate) fn once(mut self, records: Records, kept: Vec<Event>) -> Self {
        self.open(records);
        self.queue.extend(kept);
        self
    }

    /// Keeps sinks away from the files of `reading` for as long as the stream lives.
    pub(crate) fn holding(mut self, reading: Reading) -> Self {
        self._reading = reading;
        self
    }

    /// Moves records from what was received to `out` until it is full; yields how many. Never waits.
    fn cut(&mut self, out: &mut SourceBatch, max: usize) -> SchemaResult<usize> {
        let mut count = 0;
        while self.failed.is_none() {
            if let Some(input) = self.cutting {
                match self.cut_input(input, out, max - count, &mut count) {
                    Ok(Cut::Full) => break,
                    Ok(Cut::Drained) => self.cutting = None,
                    Err(error) => self.failed = Some(error),
                }
            } else if let Some(rows) = self.rows.take() {
                // A batch holds columns or records, and columns of one file.
                if count > 0 {
                    self.rows = Some(rows);
                    break;
                }
                count = self.yield_rows(*rows, out, max);
                if count > 0 {
                    break;
                }
            } else {
                let Some(event) = self.queue.pop_front().or_else(|| self.reader.try_next()) else { break };
                self.take(event);
            }
        }
        match self.failed.take_if(|_| count == 0) {
            Some(error) => Err(error),
            None => Ok(count),
        }
    }

    fn open(&mut self, records: Records) {
        if records.skip_to == 0 {
            // A rotated file begins again under the same name, and the old one's position must not outlive it.
            self.reached.set(records.name.clone(), records.position());
        }
        self.inputs.push(Some(records));
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Opened(records) => self.open(*records),
            Event::Bytes { input, bytes } => {
                let spare = match self.inputs.get_mut(input) {
                    Some(Some(records)) => {
                        self.cutting = Some(input);
                        records.take_over(bytes, HEADROOM)
                    }
                    _ => bytes,
                };
                self.reader.recycle(spare);
            }
            Event::Rows(rows) => self.rows = Some(rows),
            Event::NewSchema(file) => self.file = Some(*file),
            Event::RowsEnded { name, next_row, stored } => {
                self.reached.set(name, FilePosition::of_row(next_row, stored).to_position());
            }
            Event::Ended { input, stored } => {
                if let Some(Some(records)) = self.inputs.get_mut(input) {
                    records.end();
                    records.stored = stored;
                    self.cutting = Some(input);
                }
            }
            Event::Failed(error) => {
                self.ended = true;
                self.failed = Some(error);
            }
            Event::Finished => self.ended = true,
        }
    }

    /// Moves up to `max` of `rows` to `out`, keeps the others, and yields how many. Copies no values.
    fn yield_rows(&mut self, rows: FileRows, out: &mut SourceBatch, max: usize) -> usize {
        let FileRows { name, batch: ColumnsBatch { columns, mut rows, mut next_row, skipped } } = rows;
        self.skipped.add(skipped);
        let count = columns.num_rows().min(max);
        let rest = columns.slice(count, columns.num_rows() - count);
        if rest.num_rows() > 0 {
            let mut later = Vec::new();
            split(&mut rows, count as u64, &mut later);
            let behind = later.first().map_or(next_row, |r| r.start);
            let batch = ColumnsBatch { columns: rest, rows: later, next_row, skipped: Skipped::default() };
            self.rows = Some(Box::new(FileRows { name: name.clone(), batch }));
            next_row = behind;
        }
        self.reached.set(name.clone(), FilePosition::of_row(next_row, None).to_position());
        if count > 0 {
            out.set_columns(columns.slice(0, count));
            out.origin = Some(RowsOrigin { partition: name, rows });
        }
        count
    }

    /// Moves the records that `input` holds to `out`, `max` of them at most, and adds to `count` how many.
    fn cut_input(&mut self, input: usize, out: &mut SourceBatch, max: usize, count: &mut usize) -> SchemaResult<Cut> {
        let Some(Some(records)) = self.inputs.get_mut(input) else { return Ok(Cut::Drained) };
        let before = *count;
        let cut = records.cut(out, max, self.max_batch_bytes, count);
        let has_ended = matches!(cut, Ok(Cut::Drained)) && records.frames.has_ended();
        if has_ended {
            records.check_reached()?;
        }
        if *count > before || has_ended {
            self.reached.set(records.name.clone(), records.position());
        }
        if has_ended {
            self.inputs[input] = None;
        }
        cut
    }
}

/// Moves all but the first `count` rows from `rows` to `later`.
fn split(rows: &mut Vec<std::ops::Range<u64>>, count: u64, later: &mut Vec<std::ops::Range<u64>>) {
    let mut left = count;
    for at in 0..rows.len() {
        let len = rows[at].end - rows[at].start;
        if left < len {
            let cut = rows[at].start + left;
            later.push(cut..rows[at].end);
            later.extend(rows.drain(at + 1..));
            rows[at].end = cut;
            if left == 0 {
                rows.pop();
            }
            return;
        }
        left -= len;
    }
}

/// Why cutting stopped.
enum Cut {
    /// The batch is full.
    Full,
    /// There is no whole record left.
    Drained,
}

impl Records {
    fn position(&self) -> laminar_schema::Position {
        FilePosition { at: self.frames.framer().resume_at(), finished: self.stored }.to_position()
    }

    fn cut(
        &mut self,
        out: &mut SourceBatch,
        max: usize,
        max_batch_bytes: usize,
        count: &mut usize,
    ) -> SchemaResult<Cut> {
        if self.frames.framer().has_preamble() && !self.frames.find_preamble().map_err(|e| e.at(place(&self.name)))? {
            return Ok(Cut::Drained);
        }
        let raw = out.raw_mut();
        let partition = Some(raw.partition(&self.name, self.frames.framer().preamble()));
        let full_at = *count + max;
        loop {
            if *count == full_at || (!raw.is_empty() && raw.num_value_bytes() >= max_batch_bytes) {
                return Ok(Cut::Full);
            }
            match self.frames.next() {
                Ok(None) => return Ok(Cut::Drained),
                Ok(Some(frame)) if frame.offset >= self.skip_to => {
                    let (value, offset, line) = (Some(frame.bytes), Some(frame.offset), frame.place_line());
                    raw.push(NewRecord { value, partition, offset, line, ..NewRecord::default() });
                    *count += 1;
                }
                Ok(Some(frame)) if frame.resume.offset > self.skip_to => {
                    let reason = format!(
                        "offset {} is inside a record that starts at {}; the file was replaced",
                        self.skip_to, frame.offset
                    );
                    return Err(bad_position(&self.name, reason));
                }
                Ok(Some(_)) => {}
                // A fault in front of the position was reported before the restart.
                Err(e) if e.location().offset.is_some_and(|at| at < self.skip_to) => {}
                Err(e) => return Err(e.at(Location { partition: Some(self.name.clone()), ..Location::default() })),
            }
        }
    }

    /// Whether the input held everything that was read of it before the restart.
    fn check_reached(&self) -> SchemaResult<()> {
        let end = self.frames.framer().resume_at().offset;
        if end >= self.skip_to {
            return Ok(());
        }
        let reason = format!("the stream has {end} bytes, and {} had been read; it was replaced", self.skip_to);
        Err(bad_position(&self.name, reason))
    }
}

impl RecordStream for FileStream {
    async fn next(&mut self, out: &mut SourceBatch, max: usize) -> SchemaResult<usize> {
        loop {
            let count = self.cut(out, max.max(1))?;
            if count > 0 || self.ended {
                out.positions.advance(&self.reached);
                out.skipped = std::mem::take(&mut self.skipped);
                out.file = if count == 0 { self.file.take() } else { None };
                self.reached.clear();
                return Ok(count);
            }
            // The only place that waits, and nothing was appended to `out` yet: dropped here, the call loses nothing.
            let event = self.reader.next().await;
            self.queue.push_back(event);
        }
    }
}

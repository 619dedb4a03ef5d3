//! The API's requests, by what they are about. What is kept of their answers is the client's business.

mod compatibility;
mod mode;
mod subjects;

//! The API channel: any system hands over its customers' messages and takes the answers, by signed calls in both directions.

pub mod inbound;
pub mod outbound;

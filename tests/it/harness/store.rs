//! Stores to test against: real ones, and a wrapper around any that goes wrong when a test says so.

use std::fmt;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};

type Pending<'a, T> = std::pin::Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Put,
    Get,
}

/// How it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing happens but this error.
    Fails(ErrorKind),
    /// It is done, and then the answer is lost.
    LosesAnswer(ErrorKind),
}

type Choice = dyn Fn(Operation, u64) -> Option<Fault> + Send + Sync;

/// A store of which reads or puts go wrong.
pub(crate) struct Faulty {
    inner: Arc<dyn ObjectStore>,
    puts: AtomicU64,
    gets: AtomicU64,
    listings: Arc<Mutex<Vec<String>>>,
    fault: Box<Choice>,
}

impl Faulty {
    /// `fault` is asked for each put and each read; both are numbered from 0.
    pub(crate) fn new(
        inner: Arc<dyn ObjectStore>,
        fault: impl Fn(Operation, u64) -> Option<Fault> + Send + Sync + 'static,
    ) -> Faulty {
        let (puts, gets, listings) = Default::default();
        Faulty { inner, puts, gets, listings, fault: Box::new(fault) }
    }

    /// The folders that are listed, in their order; goes on counting.
    pub(crate) fn listings(&self) -> Arc<Mutex<Vec<String>>> {
        Arc::clone(&self.listings)
    }

    fn next(&self, operation: Operation) -> Option<Fault> {
        let count = if operation == Operation::Put { &self.puts } else { &self.gets };
        (self.fault)(operation, count.fetch_add(1, Ordering::SeqCst))
    }
}

fn failure(kind: ErrorKind) -> object_store::Error {
    object_store::Error::Generic { store: "faulty", source: std::io::Error::from(kind).into() }
}

/// Does the operation as the fault wants it.
async fn spoiled<T>(fault: Option<Fault>, operation: impl Future<Output = Result<T>>) -> Result<T> {
    match fault {
        Some(Fault::Fails(kind)) => Err(failure(kind)),
        Some(Fault::LosesAnswer(kind)) => operation.await.and_then(|_| Err(failure(kind))),
        None => operation.await,
    }
}

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("faulty")
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("faulty")
    }
}

impl ObjectStore for Faulty {
    fn put_opts<'a, 'b, 'c>(&'a self, to: &'b Path, payload: PutPayload, options: PutOptions) -> Pending<'c, PutResult>
    where
        'a: 'c,
        'b: 'c,
    {
        Box::pin(spoiled(self.next(Operation::Put), self.inner.put_opts(to, payload, options)))
    }

    fn put_multipart_opts<'a, 'b, 'c>(
        &'a self,
        to: &'b Path,
        options: PutMultipartOptions,
    ) -> Pending<'c, Box<dyn MultipartUpload>>
    where
        'a: 'c,
        'b: 'c,
    {
        self.inner.put_multipart_opts(to, options)
    }

    fn get_opts<'a, 'b, 'c>(&'a self, from: &'b Path, options: GetOptions) -> Pending<'c, GetResult>
    where
        'a: 'c,
        'b: 'c,
    {
        Box::pin(spoiled(self.next(Operation::Get), self.inner.get_opts(from, options)))
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let folder = prefix.map(ToString::to_string).unwrap_or_default();
        self.listings.lock().expect("nobody panics with it").push(folder);
        self.inner.list(prefix)
    }

    fn list_with_delimiter<'a, 'b, 'c>(&'a self, prefix: Option<&'b Path>) -> Pending<'c, ListResult>
    where
        'a: 'c,
        'b: 'c,
    {
        self.inner.list_with_delimiter(prefix)
    }

    fn copy_opts<'a, 'b, 'c, 'd>(&'a self, from: &'b Path, to: &'c Path, options: CopyOptions) -> Pending<'d, ()>
    where
        'a: 'd,
        'b: 'd,
        'c: 'd,
    {
        self.inner.copy_opts(from, to, options)
    }
}

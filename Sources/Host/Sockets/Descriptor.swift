import Glibc

/// An owned file descriptor, which is closed with the value.
struct Descriptor: ~Copyable {
    let number: CInt

    /// Takes ownership of a descriptor.
    /// - Parameter number: An open descriptor that nothing else will close.
    init(owning number: CInt) {
        precondition(number >= 0, "a descriptor is not negative")
        self.number = number
    }

    deinit { _ = close(number) }

    /// Opens a file; a child process never inherits the descriptor.
    init(opening path: String, flags: CInt, mode: mode_t = 0) throws(SystemError) {
        number = try nonBlockingCall("open", path) { open(path, flags | O_CLOEXEC, mode) }
    }

    /// Locks the file for this process, as long as the descriptor is open.
    /// - Throws: `EWOULDBLOCK` if another process has locked it.
    func lock(_ subject: String) throws(SystemError) {
        try nonBlockingCall("flock", subject) { flock(number, LOCK_EX | LOCK_NB) }
    }

    /// Flushes the file to the disk.
    /// - Parameter subject: The path, for the error.
    func sync(_ subject: String) throws(SystemError) {
        try nonBlockingCall("fsync", subject) { fsync(number) }
    }

    /// Returns the permission bits of a file.
    func permissions(_ subject: String) throws(SystemError) -> mode_t {
        var status = stat()
        try nonBlockingCall("fstat", subject) { fstat(number, &status) }
        return status.st_mode & 0o777
    }

    /// Writes a few bytes to a file, all or none.
    func write(_ bytes: [UInt8], _ subject: String) throws(SystemError) {
        let count = try nonBlockingCall("write", subject) {
            bytes.withUnsafeBytes { Glibc.write(number, $0.baseAddress!, $0.count) }
        }
        // A write to a file is short only when its disk is full.
        if count != bytes.count { throw SystemError(call: "write", subject: subject, code: ENOSPC) }
    }

    /// Reads the first bytes of a file in as many reads as necessary (a pipe returns them piece by piece).
    func readAll(atMost limit: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit {
            let piece = try read(atMost: min(limit - bytes.count, 64 * 1024))
            if piece.isEmpty { break }
            bytes += piece
        }
        return bytes
    }

    /// Reads the first bytes of a file, in one read.
    func read(atMost limit: Int) throws(SystemError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: limit, alignment: 1)
        defer { buffer.deallocate() }
        guard case .bytes(let count) = try readBytes(from: number, into: buffer) else { return [] }
        return Array(buffer[..<count])
    }
}

/// A copyable owner of a descriptor, for arrays and optionals.
final class OwnedDescriptor {
    let descriptor: Descriptor
    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
}

/// The result of a read.
enum ReadResult: Equatable {
    /// The number of bytes at the start of the buffer, at least one.
    case bytes(Int)
    case end
    case notNow
}

/// Reads from a descriptor that this process owns or only borrows.
func readBytes(
    from descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer
) throws(SystemError) -> ReadResult {
    switch try systemCall("read", "", { read(descriptor, buffer.baseAddress!, buffer.count) }) {
    case nil: .notNow
    case 0?: .end
    case let count?: .bytes(count)
    }
}

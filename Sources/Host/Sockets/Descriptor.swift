import Glibc

/// A file descriptor and the duty to close it.
struct Descriptor: ~Copyable {
    let number: CInt

    /// - Parameter number: An open descriptor that nobody else will close.
    init(owning number: CInt) {
        precondition(number >= 0, "a descriptor is not negative")
        self.number = number
    }

    deinit { _ = close(number) }

    /// Opens a file; never inherited by a child.
    init(opening path: String, flags: CInt, mode: mode_t = 0) throws(SystemError) {
        number = try promptCall("open", path) { open(path, flags | O_CLOEXEC, mode) }
    }

    /// Takes the file for this process, as long as the descriptor is open.
    /// - Throws: `EWOULDBLOCK` if another has it.
    func lock(_ subject: String) throws(SystemError) {
        try promptCall("flock", subject) { flock(number, LOCK_EX | LOCK_NB) }
    }

    /// - Parameter subject: The path, for the error.
    func sync(_ subject: String) throws(SystemError) {
        try promptCall("fsync", subject) { fsync(number) }
    }

    /// The permission bits of a file.
    func permissions(_ subject: String) throws(SystemError) -> mode_t {
        var status = stat()
        try promptCall("fstat", subject) { fstat(number, &status) }
        return status.st_mode & 0o777
    }

    /// All of a few bytes, to a file.
    func write(_ bytes: [UInt8], _ subject: String) throws(SystemError) {
        let count = try promptCall("write", subject) {
            bytes.withUnsafeBytes { Glibc.write(number, $0.baseAddress!, $0.count) }
        }
        // A file takes less only when its disk is full.
        if count != bytes.count { throw SystemError(call: "write", subject: subject, code: ENOSPC) }
    }

    /// The first bytes of a file, however many reads they take (a pipe gives them piece by piece).
    func readAll(atMost limit: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit {
            let piece = try read(atMost: min(limit - bytes.count, 64 * 1024))
            if piece.isEmpty { break }
            bytes += piece
        }
        return bytes
    }

    /// The first bytes of a file.
    func read(atMost limit: Int) throws(SystemError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: limit, alignment: 1)
        defer { buffer.deallocate() }
        guard case .bytes(let count) = try readBytes(from: number, into: buffer) else { return [] }
        return Array(buffer[..<count])
    }
}

/// Copyable stand-in for a descriptor that it owns, so that it fits into an array or an optional.
final class OwnedDescriptor {
    let descriptor: Descriptor
    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
}

/// What a read brought.
enum ReadResult: Equatable {
    /// So many bytes, at least one, stand at the start of the buffer.
    case bytes(Int)
    case end
    case notNow
}

/// Reads or receives from a descriptor that may be ours or only lent.
func readBytes(
    from descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer
) throws(SystemError) -> ReadResult {
    switch try systemCall("read", "", { read(descriptor, buffer.baseAddress!, buffer.count) }) {
    case nil: .notNow
    case 0?: .end
    case let count?: .bytes(count)
    }
}

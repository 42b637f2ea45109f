import Glibc

/// The directory with the persistent state of one peer, locked by one process at a time.
public struct StateDirectory: ~Copyable {
    public let path: String
    /// The lock is held as long as this is open.
    private let lock: Descriptor

    /// Returns `$XDG_STATE_HOME/earshot/NAME`, or `~/.local/state/earshot/NAME`.
    /// - Throws: ``HostError`` if neither variable is set.
    public static func defaultPath(forName name: String) throws(HostError) -> String {
        let base: String
        if let state = ProcessEnvironment.environment("XDG_STATE_HOME"), state.hasPrefix("/") {
            base = state
        } else if let home = ProcessEnvironment.environment("HOME") {
            base = home + "/.local/state"
        } else {
            throw HostError("cannot tell where to keep the state: HOME is not set (name a directory with --state DIR)")
        }
        return "\(base)/earshot/\(safeName(name))"
    }

    /// Encodes a name as one path component: it cannot lead to another directory, and different names stay different.
    static func safeName(_ name: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var safe: [UInt8] = []
        for (index, byte) in name.utf8.enumerated() {
            switch byte {
            case 0x2E where index == 0, 0...0x20, 0x25, 0x2F, 0x5C, 0x7F:
                // Percent-encoding, as in URLs.
                safe += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default:
                safe.append(byte)
            }
        }
        return safe.isEmpty ? "%" : String(decoding: safe, as: UTF8.self)
    }

    /// Creates the directory (mode 0700) if it does not exist, and locks it for this process.
    /// - Parameter advice: The remedy to show if another process has locked it.
    /// - Throws: ``HostError`` if it cannot be created, or another process has locked it.
    public init(
        at path: String, otherwise advice: String = "start with another --name or --state DIR"
    ) throws(HostError) {
        lock = try Self.taken(path, advice)
        self.path = path
    }

    /// Returns the path of a file in the directory.
    public func path(of file: String) -> String { "\(path)/\(file)" }

    /// Returns the 32-byte seed of the peer's identity, which the first call creates.
    /// - Throws: ``HostError`` if it cannot be read or stored, or other users can read it.
    public func identitySeed() throws(HostError) -> [UInt8] {
        let file = path(of: "identity")
        do {
            if let seed = try Self.readSeed(file) { return seed }
            let seed = Entropy.bytes(32)
            try Self.writeSecret(seed, to: file, in: path)
            return seed
        } catch let error as SystemError {
            throw Self.explained(error, path)
        } catch let error as HostError {
            throw error
        } catch {
            throw HostError("\(file): \(error)")
        }
    }

    /// Returns the seed without locking the directory, for processes that only read; nil if there is none.
    public static func identitySeed(at path: String) throws -> [UInt8]? {
        do {
            return try readSeed(path + "/identity")
        } catch let error as SystemError {
            throw explained(error, path)
        }
    }

    /// Returns whether a state directory has a file of that name.
    public static func has(_ file: String, at path: String) -> Bool { access("\(path)/\(file)", F_OK) == 0 }

    // MARK: Details

    /// Reads a seed.
    /// - Returns: Nil if there is no such file.
    private static func readSeed(_ file: String) throws -> [UInt8]? {
        guard let seed = try readSecret(file, atMost: 64) else { return nil }
        guard seed.count == 32 else {
            throw HostError(
                "\(file) is damaged: \(seed.count) bytes instead of 32 (restore it from a copy, or move it away to "
                    + "get a new identity)")
        }
        return seed
    }

    /// Creates and locks the directory.
    /// - Returns: The lock.
    private static func taken(_ path: String, _ advice: String) throws(HostError) -> Descriptor {
        do throws(SystemError) {
            try makeDirectory(path)
            let lock = try Descriptor(opening: path + "/lock", flags: O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
            try lock.lock(path + "/lock")
            return lock
        } catch {
            if error.call == "flock", error.code == EWOULDBLOCK {
                throw HostError("state directory \(path) is in use by another earshot (\(advice))")
            }
            throw explained(error, path)
        }
    }

    /// Creates a directory and all directories above it.
    static func makeDirectory(_ path: String) throws(SystemError) {
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw SystemError(call: "mkdir", subject: path, code: ENOTDIR)
            }
            return
        }
        if errno != ENOENT { throw SystemError(call: "stat", subject: path, code: errno) }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try makeDirectory(String(path[..<slash]))
        }
        do {
            try nonBlockingCall("mkdir", path) { mkdir(path, 0o700) }
        } catch  where error.code == EEXIST {
            // Another process created it first.
        }
    }

    /// Reads a file that only its user may read.
    /// - Returns: Nil if there is no such file.
    static func readSecret(_ file: String, atMost limit: Int) throws -> [UInt8]? {
        guard access(file, F_OK) == 0 || errno != ENOENT else { return nil }
        let descriptor = try Descriptor(opening: file, flags: O_RDONLY | O_NOFOLLOW)
        guard try descriptor.permissions(file) & 0o077 == 0 else {
            throw HostError("\(file) can be read by other users, so they may know it (if not: chmod 600 \(file))")
        }
        return try descriptor.read(atMost: limit)
    }

    /// Replaces a file atomically, even in case of a power cut.
    static func writeSecret(_ bytes: [UInt8], to file: String, in directory: String) throws(SystemError) {
        let draft = file + ".new"
        // Left by a process that died half-way; we hold the lock, so no other process writes it.
        unlink(draft)
        try writeNew(bytes, to: draft)
        try nonBlockingCall("rename", file) { rename(draft, file) }
        let parent = try Descriptor(opening: directory, flags: O_RDONLY | O_DIRECTORY)
        try parent.sync(directory)
    }

    private static func writeNew(_ bytes: [UInt8], to file: String) throws(SystemError) {
        let descriptor = try Descriptor(opening: file, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        try descriptor.write(bytes, file)
        try descriptor.sync(file)
    }

    static func explained(_ error: SystemError, _ path: String) -> HostError {
        switch error.code {
        case EACCES, EPERM, EROFS:
            HostError(
                "cannot write to the state directory \(path): \(error.reason) (choose another with --state DIR)")
        case ENOTDIR:
            HostError("the state directory \(path) is not a directory (choose another with --state DIR)")
        case ENOSPC, EDQUOT:
            HostError("no space left for the state directory \(path) (free some space, or use another --state DIR)")
        default:
            HostError("cannot use the state directory \(path): \(error) (choose another with --state DIR)")
        }
    }
}

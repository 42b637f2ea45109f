import Glibc

/// Where one peer keeps what outlives the process, held by one process at a time.
public struct StateDirectory: ~Copyable {
    public let path: String
    /// The lock lasts as long as this is open.
    private let lock: Descriptor

    /// `$XDG_STATE_HOME/earshot/NAME`, or `~/.local/state/earshot/NAME`.
    /// - Throws: If neither variable tells where.
    public static func defaultPath(forName name: String) throws(HostError) -> String {
        let base: String
        if let state = Surroundings.environment("XDG_STATE_HOME"), state.hasPrefix("/") {
            base = state
        } else if let home = Surroundings.environment("HOME") {
            base = home + "/.local/state"
        } else {
            throw HostError("cannot tell where to keep the state: HOME is not set (name a directory with --state DIR)")
        }
        return "\(base)/earshot/\(safeName(name))"
    }

    /// A name as one component of a path: nothing in it can lead elsewhere, and different names stay different.
    static func safeName(_ name: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var safe: [UInt8] = []
        for (index, byte) in name.utf8.enumerated() {
            switch byte {
            case 0x2E where index == 0, 0...0x20, 0x25, 0x2F, 0x5C, 0x7F:
                // As in URLs: percent and two digits.
                safe += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default:
                safe.append(byte)
            }
        }
        return safe.isEmpty ? "%" : String(decoding: safe, as: UTF8.self)
    }

    /// Makes the directory (mode 0700) if it is not there, and takes it for this process.
    /// - Parameter advice: what to do if another process has it.
    /// - Throws: ``HostError`` if it cannot be had, or another process has it.
    public init(
        at path: String, otherwise advice: String = "start with another --name or --state DIR"
    ) throws(HostError) {
        lock = try Self.taken(path, advice)
        self.path = path
    }

    /// The path of a file in it.
    public func path(of file: String) -> String { "\(path)/\(file)" }

    /// The 32 bytes that the peer's identity is made from; the same at every call, made at the first.
    /// - Throws: ``HostError`` if they cannot be read or kept, or others can read them.
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

    /// The same without taking the directory, for who only reads; nil if there is none.
    public static func identitySeed(at path: String) throws -> [UInt8]? {
        do {
            return try readSeed(path + "/identity")
        } catch let error as SystemError {
            throw explained(error, path)
        }
    }

    /// Whether a state directory has a file of that name.
    public static func has(_ file: String, at path: String) -> Bool { access("\(path)/\(file)", F_OK) == 0 }

    // MARK: Details

    /// - Returns: Nil if there is no such file.
    private static func readSeed(_ file: String) throws -> [UInt8]? {
        guard let seed = try readSecret(file, atMost: 64) else { return nil }
        guard seed.count == 32 else {
            throw HostError(
                "\(file) is damaged: \(seed.count) bytes instead of 32 (put it back from a copy, or move it away to "
                    + "become somebody new)")
        }
        return seed
    }

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

    /// With all directories above it.
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
            try promptCall("mkdir", path) { mkdir(path, 0o700) }
        } catch  where error.code == EEXIST {
            // Another process was quicker.
        }
    }

    /// - Returns: Nil if there is no such file.
    static func readSecret(_ file: String, atMost limit: Int) throws -> [UInt8]? {
        guard access(file, F_OK) == 0 || errno != ENOENT else { return nil }
        let descriptor = try Descriptor(opening: file, flags: O_RDONLY | O_NOFOLLOW)
        guard try descriptor.permissions(file) & 0o077 == 0 else {
            throw HostError("\(file) can be read by others, so it may be known to them (if not: chmod 600 \(file))")
        }
        return try descriptor.read(atMost: limit)
    }

    /// All of it or nothing, also through a power cut.
    static func writeSecret(_ bytes: [UInt8], to file: String, in directory: String) throws(SystemError) {
        let draft = file + ".new"
        // Left behind by a process that died half-way; the lock is ours, so nobody is at it.
        unlink(draft)
        try writeNew(bytes, to: draft)
        try promptCall("rename", file) { rename(draft, file) }
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
            HostError("no space left for the state directory \(path) (make room, or choose another with --state DIR)")
        default:
            HostError("cannot use the state directory \(path): \(error) (choose another with --state DIR)")
        }
    }
}

import Glibc

/// A private key in a file of its own, at a path of the user's choice.
public enum KeyFile {
    /// Stores a key in a file that only its user can read.
    /// - Throws: ``HostError`` if a file of that name exists, or it cannot be written.
    public static func keep(_ seed: [UInt8], at path: String) throws(HostError) {
        let file = try NewFile(at: path)
        do throws(SystemError) {
            let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
            try Descriptor(opening: file.draft, flags: flags, mode: 0o600).write(seed, path)
        } catch {
            throw HostError("cannot write \(path): \(error.reason) (choose another place)")
        }
        try file.keep()
    }

    /// Reads the 32-byte seed of the key.
    /// - Throws: ``HostError`` if it cannot be read, or other users can read it.
    public static func seed(at path: String) throws(HostError) -> [UInt8] {
        let seed: [UInt8]?
        do {
            seed = try StateDirectory.readSecret(path, atMost: 64)
        } catch let error as SystemError {
            throw HostError("cannot read \(path): \(error.reason)")
        } catch {
            throw error as? HostError ?? HostError("cannot read \(path): \(error)")
        }
        guard let seed else { throw HostError("\(path) does not exist (name the file with the community's key)") }
        guard seed.count == 32 else {
            throw HostError("\(path) is not a key: it has \(seed.count) bytes instead of 32")
        }
        return seed
    }
}

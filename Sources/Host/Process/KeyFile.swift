import Glibc

/// A private key in a file of its own, where a person wants it.
public enum KeyFile {
    /// Keeps a key, readable to nobody else.
    /// - Throws: ``HostError`` if there is a file of that name, or it cannot be written.
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

    /// The 32 bytes that the key is made from.
    /// - Throws: ``HostError`` if they cannot be read, or others can read them.
    public static func seed(at path: String) throws(HostError) -> [UInt8] {
        let seed: [UInt8]?
        do {
            seed = try StateDirectory.readSecret(path, atMost: 64)
        } catch let error as SystemError {
            throw HostError("cannot read \(path): \(error.reason)")
        } catch {
            throw error as? HostError ?? HostError("cannot read \(path): \(error)")
        }
        guard let seed else { throw HostError("there is no \(path) (name the file with the community's key)") }
        guard seed.count == 32 else {
            throw HostError("\(path) is no key: it has \(seed.count) bytes instead of 32")
        }
        return seed
    }
}

import Glibc

/// A file that appears under its name only when it is completely on the disk. Without ``keep()`` it is deleted with the
/// value.
public final class NewFile {
    public let path: String
    /// The path to write to until then; no file exists there yet.
    public let draft: String
    private var isKept = false

    /// Prepares a new file.
    /// - Throws: ``HostError`` if a file of that name exists: it could be the only copy of its data.
    public init(at path: String) throws(HostError) {
        // A prefix makes it a path, whatever character the name begins with.
        self.path = path.hasPrefix("/") ? path : "./" + path
        draft = self.path + ".part"
        guard access(self.path, F_OK) == -1 else {
            throw HostError("\(path) already exists (name a new file, or remove it first)")
        }
        unlink(draft)
    }

    deinit { if !isKept { unlink(draft) } }

    /// Renames the complete draft to its final name.
    public func keep() throws(HostError) {
        do throws(SystemError) {
            try Descriptor(opening: draft, flags: O_RDONLY).sync(path)
            try nonBlockingCall("rename", path) { rename(draft, path) }
            isKept = true
            let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
            try Descriptor(opening: directory, flags: O_RDONLY | O_DIRECTORY).sync(directory)
        } catch {
            throw HostError("cannot write \(path): \(error.reason) (choose another place)")
        }
    }
}

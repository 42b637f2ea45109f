import Glibc

/// A file that appears under its name only when all of it is on the disk. Ends with the value, unless it was kept.
public final class NewFile {
    public let path: String
    /// Where it is to be written meanwhile; nothing is there yet.
    public let draft: String
    private var isKept = false

    /// - Throws: ``HostError`` if there is a file of that name: it could be the only copy of something.
    public init(at path: String) throws(HostError) {
        // A path, whatever the name begins with.
        self.path = path.hasPrefix("/") ? path : "./" + path
        draft = self.path + ".part"
        guard access(self.path, F_OK) == -1 else {
            throw HostError("\(path) is there already (name a file that is not, or remove it first)")
        }
        unlink(draft)
    }

    deinit { if !isKept { unlink(draft) } }

    /// Gives the draft its name, when it is complete.
    public func keep() throws(HostError) {
        do throws(SystemError) {
            try Descriptor(opening: draft, flags: O_RDONLY).sync(path)
            try promptCall("rename", path) { rename(draft, path) }
            isKept = true
            let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
            try Descriptor(opening: directory, flags: O_RDONLY | O_DIRECTORY).sync(directory)
        } catch {
            throw HostError("cannot write \(path): \(error.reason) (choose another place)")
        }
    }
}

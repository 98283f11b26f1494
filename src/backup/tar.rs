//! The little of `tar` that a backup needs: plain files with short names. Anything else is refused when read.

/// Entries are padded to this.
pub(super) const BLOCK: usize = 512;
const NAME: usize = 100;
const MAGIC: &[u8; 8] = b"ustar\x0000";
const CHECKSUM: std::ops::Range<usize> = 148..156;
/// The largest size eleven octal digits can say: 8 GiB.
const LARGEST: u64 = 0o777_7777_7777;

/// The block before a file; none when it cannot be said.
pub(super) fn header(name: &str, size: u64, at_secs: u64) -> Option<[u8; BLOCK]> {
    if name.len() >= NAME || size > LARGEST {
        return None;
    }
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| {
        if let Some(field) = block.get_mut(at..at + bytes.len()) {
            field.copy_from_slice(bytes);
        }
    };
    put(0, name.as_bytes());
    put(100, b"0000600\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, format!("{:011o}\0", at_secs.min(LARGEST)).as_bytes());
    put(148, b"        ");
    put(156, b"0");
    put(257, MAGIC);
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    if let Some(field) = block.get_mut(CHECKSUM) {
        field.copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    Some(block)
}

/// What a block says of the file after it: its name and size; none at the end of the archive.
pub(super) fn parse(block: &[u8; BLOCK]) -> Result<Option<(&str, u64)>, &'static str> {
    if block.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let field = |from: usize, length: usize| block.get(from..from + length).unwrap_or_default();
    let sum: u32 = block.iter().enumerate().map(|(at, byte)| if CHECKSUM.contains(&at) { 32 } else { u32::from(*byte) }).sum();
    if octal(field(148, 6)) != Some(u64::from(sum)) || field(257, 8) != MAGIC {
        return Err("an entry's head is damaged");
    }
    // No type but a file, no prefix before the name, no link.
    if field(156, 1) != b"0" || field(345, 155).iter().any(|byte| *byte != 0) || field(157, 1) != b"\0" {
        return Err("it holds something that is no plain file");
    }
    let name = field(0, NAME).split(|byte| *byte == 0).next().unwrap_or_default();
    let name = str::from_utf8(name).map_err(|_| "a name is not UTF-8")?;
    let size = octal(field(124, 11)).ok_or("a size is no number")?;
    Ok(Some((name, size)))
}

/// Bytes between the end of a file of this size and the next block.
pub(super) fn padding(size: u64) -> usize {
    let over = usize::try_from(size % BLOCK as u64).unwrap_or(0);
    if over == 0 { 0 } else { BLOCK - over }
}

fn octal(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |number, digit| match digit {
        b'0'..=b'7' => number.checked_mul(8)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_header_says_what_it_was_made_of(name in "[a-z./0-9_-]{1,99}", size in 0..=LARGEST, at in any::<u64>()) {
            let block = header(&name, size, at).unwrap();
            prop_assert_eq!(parse(&block), Ok(Some((name.as_str(), size))));
        }

        #[test]
        fn a_changed_header_is_refused(place in 0..BLOCK, change in 1_u8..) {
            let mut block = header("tables/log/000001.tsv", 77, 1_000).unwrap();
            block[place] ^= change;
            prop_assert!(parse(&block).is_err() || (154..156).contains(&place), "{place}");
        }
    }

    #[test]
    fn what_does_not_fit_is_not_written_and_the_end_is_two_empty_blocks() {
        assert!(header(&"x".repeat(100), 1, 0).is_none() && header("x", LARGEST + 1, 0).is_none());
        assert_eq!(parse(&[0; BLOCK]), Ok(None));
        assert_eq!((padding(0), padding(1), padding(512), padding(513)), (0, 511, 0, 511));
    }

    #[test]
    fn other_programs_can_read_it() {
        let folder = std::env::temp_dir().join(format!("centralita-tar-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut bytes = header("a/b.txt", 3, 1_700_000_000).unwrap().to_vec();
        bytes.extend(b"abc");
        bytes.resize(BLOCK * 4, 0);
        std::fs::write(folder.join("x.tar"), bytes).unwrap();
        let shown = std::process::Command::new("tar").arg("-xOf").arg(folder.join("x.tar")).arg("a/b.txt").output().unwrap();
        assert_eq!(shown.stdout, b"abc", "{}", String::from_utf8_lossy(&shown.stderr));
        std::fs::remove_dir_all(folder).unwrap();
    }
}

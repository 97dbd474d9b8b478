# cython: language_level=3
"""Large memory in large pages, where the system has them: walks through page tables are what scattered reads wait for."""

cdef extern from *:
    """
    #if defined(__linux__)
    #include <sys/mman.h>
    #endif
    #if defined(__linux__) && defined(MADV_HUGEPAGE)
    #define SYNFIN_IN_LARGE_PAGES(place, size) ((void) madvise((place), (size), MADV_HUGEPAGE))
    #else
    #define SYNFIN_IN_LARGE_PAGES(place, size) ((void) (place))
    #endif
    """
    void in_large_pages "SYNFIN_IN_LARGE_PAGES" (void* place, size_t size) noexcept nogil

cdef enum:
    LARGE_PAGE = 1 << 21

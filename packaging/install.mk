# Where things go. Included by the Makefile. packaging/debian/*.install and packaging/rpm/traceleft.spec split it.
sbindir ?= $(prefix)/sbin
bindir ?= $(prefix)/bin
includedir ?= $(prefix)/include
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
docdir ?= $(datadir)/doc/traceleft
catalogdir ?= /usr/lib/systemd/catalog
sysusersdir ?= /usr/lib/sysusers.d
tmpfilesdir ?= /usr/lib/tmpfiles.d
# Found by programs at run time as $(prefix)/lib/traceleft and $(prefix)/share/traceleft: not to be moved.
battery_dir = $(prefix)/lib/traceleft/battery
handler_include_dir = $(prefix)/share/traceleft/bpf

INSTALL ?= install
to = $(DESTDIR)$(1)
install_data = $(INSTALL) -D -m 644 $(1) $(DESTDIR)$(2)
install_program = $(INSTALL) -D -m 755 $(1) $(DESTDIR)$(2)

# Places are written into what is installed elsewhere than Debian does it.
substitute = sed -e 's,/usr/sbin/,$(sbindir)/,g' -e 's,/usr/bin/,$(bindir)/,g' -e 's,@prefix@,$(prefix),g' \
	-e 's,@libdir@,$(libdir),g' -e 's,@VERSION@,$(VERSION),g'
$(B)/packaging/%: packaging/%.in Makefile packaging/install.mk
	@mkdir -p $(@D)
	$(substitute) $< > $@

.PHONY: install install-programs install-library install-data install-systemd
install: install-programs install-library install-data install-systemd ## install to DESTDIR; prefix, sysconfdir, libdir, unitdir

install-programs: all
	$(call install_program,$(B)/traceleft,$(bindir)/traceleft)
	$(call install_program,$(B)/traceleftd,$(sbindir)/traceleftd)
	$(INSTALL) -d $(call to,$(battery_dir))
	$(INSTALL) -m 644 $(B)/battery/*.bpf.o $(call to,$(battery_dir)/)

install-library: all $(B)/packaging/traceleft.pc
	$(call install_data,$(B)/libtraceleft.so.1,$(libdir)/libtraceleft.so.1)
	ln -sf libtraceleft.so.1 $(call to,$(libdir)/libtraceleft.so)
	$(call install_data,$(B)/libtraceleft.a,$(libdir)/libtraceleft.a)
	$(call install_data,lib/traceleft.h,$(includedir)/traceleft.h)
	$(call install_data,$(B)/packaging/traceleft.pc,$(libdir)/pkgconfig/traceleft.pc)

# A policy that somebody edited stays.
install-data: all
	$(INSTALL) -d $(call to,$(handler_include_dir)) $(call to,$(mandir)/man1) $(call to,$(mandir)/man3) \
		$(call to,$(mandir)/man5) $(call to,$(mandir)/man7) $(call to,$(mandir)/man8) \
		$(call to,$(docdir)/examples)
	$(INSTALL) -m 644 $(addprefix bpf/,$(handler_headers)) $(call to,$(handler_include_dir)/)
	$(INSTALL) -d -m 750 $(call to,$(sysconfdir)/traceleft) $(call to,$(sysconfdir)/traceleft/policy.d)
	[ -e $(call to,$(sysconfdir)/traceleft/policy.yaml) ] || \
		$(INSTALL) -m 640 policy/default.yaml $(call to,$(sysconfdir)/traceleft/policy.yaml)
	for page in man/*.[1-8] $(B)/man/*.[1-8]; do \
		$(INSTALL) -m 644 $$page $(call to,$(mandir))/man$${page##*.}/ || exit 1; \
	done
	$(INSTALL) -m 644 policy/examples/* packaging/examples/* $(call to,$(docdir)/examples/)
	$(call install_data,lib/event.proto,$(datadir)/traceleft/event.proto)
	$(call install_data,packaging/completion/traceleft.bash,$(datadir)/bash-completion/completions/traceleft)
	$(call install_data,packaging/logrotate,$(sysconfdir)/logrotate.d/traceleft)
handler_headers := handler.h handler-vectors.h maps.h wire.h

install-systemd:
	$(INSTALL) -d $(call to,$(unitdir)/system)
	$(substitute) systemd/traceleftd.service > $(call to,$(unitdir)/system/traceleftd.service)
	chmod 644 $(call to,$(unitdir)/system/traceleftd.service)
	$(call install_data,systemd/traceleft.catalog,$(catalogdir)/traceleft.catalog)
	$(call install_data,systemd/traceleft.sysusers,$(sysusersdir)/traceleft.conf)
	$(call install_data,systemd/traceleft.tmpfiles,$(tmpfilesdir)/traceleft.conf)

# ---- Debian packages

# The tree as it is in the version control, with debian/ at its top.
.PHONY: deb
deb: ## Debian packages in build/deb
	rm -rf $(B)/deb
	mkdir -p $(B)/deb/traceleft
	git ls-files -z --cached --others --exclude-standard | \
		xargs -0 -r cp --parents -P -t $(B)/deb/traceleft
	cp -r packaging/debian $(B)/deb/traceleft/debian
	cd $(B)/deb/traceleft && dpkg-buildpackage -us -uc -b
	lintian --fail-on error --tag-display-limit 0 $(B)/deb/*.changes
